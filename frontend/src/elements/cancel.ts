import { html, nothing, type TemplateResult } from "lit";
import { cancelJob } from "../api";
import type { JobFeed } from "../feed";
import { t } from "../i18n";
import { jobFeed } from "../page";
import { isFinal } from "../types";
import { define, Piece } from "./piece";

/** The button that asks a job to stop, and how far that has come. Without a script it is a form that posts. */
export class CancelElement extends Piece {
  static override properties = { job: {}, problem: { state: true }, sent: { state: true } };
  declare job: string;
  declare problem: string;
  declare sent: boolean;
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
    if (!job || isFinal(job.state)) return nothing;
    const words = { asked: "Cancel asked", seen: "Cancel seen" };
    return html`<button type="button" class="button danger" ?disabled=${this.sent || job.cancel !== null} @click=${this.ask}>
        ${t(job.cancel ? words[job.cancel] : "Cancel job")}
      </button>
      ${this.problem ? html`<p class="problem" role="alert">${this.problem}</p>` : nothing}`;
  }

  private async ask(): Promise<void> {
    this.sent = true;
    this.problem = "";
    try {
      await cancelJob(this.job);
    } catch (error) {
      this.problem = t("The job could not be cancelled: {detail}", { detail: (error as Error).message });
    }
    this.sent = false;
  }
}

define("taskcast-cancel", CancelElement);
