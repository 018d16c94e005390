import type { JobFeed } from "../feed";
import { isRefused, refresh } from "../fragment";
import { jobFeed } from "../page";
import { define } from "./piece";

/** Rows are written a moment after they are counted, and many fail at once. */
const PAUSE_MS = 2_000;

/** What went wrong among a job's children, as the server groups it: asked for again when more have failed. */
export class FailuresElement extends HTMLElement {
  private feed: JobFeed | undefined;
  private unlisten: (() => void) | undefined;
  private known = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly heed = () => this.look();

  connectedCallback(): void {
    this.feed = jobFeed(this.getAttribute("job") ?? "");
    this.known = Number(this.getAttribute("failed"));
    this.unlisten = this.feed.listen(this.heed);
    document.addEventListener("visibilitychange", this.heed);
  }

  disconnectedCallback(): void {
    this.unlisten?.();
    document.removeEventListener("visibilitychange", this.heed);
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private failed(): number {
    const counts = this.feed?.job?.children ?? {};
    if (!this.feed?.job) return this.known;
    return (counts.failed ?? 0) + (counts.lost ?? 0);
  }

  private look(): void {
    if (document.hidden || this.timer !== undefined || this.failed() === this.known) return;
    this.timer = setTimeout(async () => {
      const failed = this.failed();
      try {
        if (!document.hidden) {
          await refresh(this, this.getAttribute("src") ?? "");
          this.known = failed;
        }
      } catch (error) {
        // Where the server is away, what is shown stays, and it is asked again.
        if (isRefused(error)) return;
      }
      this.timer = undefined;
      this.look();
    }, PAUSE_MS);
  }
}

define("taskcast-failures", FailuresElement);
