import type { PropertyDeclarations } from "lit";
import type { JobFeed } from "../feed";
import { jobFeed } from "../page";
import { Piece } from "./piece";

/** An element that follows one job, named by its attribute `job`; until something is known of it the server's words stay. */
export abstract class FollowingPiece extends Piece {
  static override properties: PropertyDeclarations = { job: {} };
  declare job: string;
  protected feed: JobFeed | undefined;
  private unlisten: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.feed = jobFeed(this.job);
    this.unlisten = this.feed.listen(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unlisten?.();
  }

  protected override ready(): boolean {
    return Boolean(this.feed?.job);
  }
}
