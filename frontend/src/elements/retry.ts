import { html, nothing, type TemplateResult } from "lit";
import { csrfToken } from "../api";
import type { JobFeed } from "../feed";
import { t } from "../i18n";
import { jobFeed } from "../page";
import { isFinal } from "../types";
import { define, Piece } from "./piece";

/** The button that launches a job once more, once it has ended: the form that the server writes, when the time comes. */
export class RetryElement extends Piece {
  static override properties = { job: {}, action: {}, batch: { type: Boolean } };
  declare job: string;
  declare action: string;
  declare batch: boolean;
  private feed: JobFeed | undefined;
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

  override render(): TemplateResult | typeof nothing {
    const job = this.feed?.job;
    if (!job || !isFinal(job.state)) return nothing;
    return html`<form method="post" action=${this.action}>
      <input type="hidden" name="csrfmiddlewaretoken" value=${csrfToken()} />
      <button class="button">${t(this.batch ? "Run the failed ones again" : "Run again")}</button>
    </form>`;
  }
}

define("taskcast-retry", RetryElement);
