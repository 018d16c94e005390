import { html, nothing, type TemplateResult } from "lit";
import { cancelJob } from "../api";
import { t } from "../i18n";
import { isFinal, type Job } from "../types";
import { FollowingPiece } from "./following";
import { define } from "./piece";

/** A task that looks now and then has stopped by then; who waits longer may want to use force. */
const PATIENCE_MS = 5_000;

/** The button that asks a job to stop, then the one that ends its process. Without a script both are forms. */
export class CancelElement extends FollowingPiece {
  static override properties = {
    problem: { state: true },
    sent: { state: true },
    late: { state: true },
    forced: { state: true },
  };
  declare problem: string;
  declare sent: boolean;
  declare late: boolean;
  declare forced: boolean;
  private patience: ReturnType<typeof setTimeout> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.patience);
    this.patience = undefined;
  }

  override willUpdate(): void {
    // The server offers force in a page that was opened after the job had been asked.
    this.late ??= this.querySelector(".force") !== null;
    if (this.feed?.job?.cancel && !this.late)
      this.patience ??= setTimeout(() => {
        this.late = true;
      }, PATIENCE_MS);
  }

  override render(): TemplateResult | typeof nothing {
    const job = this.feed?.job;
    if (!job || isFinal(job.state)) return nothing;
    const words = { asked: "Cancel asked", seen: "Cancel seen" };
    return html`<button type="button" class="button danger" ?disabled=${this.sent || job.cancel !== null} @click=${() => this.ask(false)}>
        ${t(job.cancel ? words[job.cancel] : "Cancel job")}
      </button>
      <span class="unseen" role="status">${this.late && this.mayForce(job) ? t("The job can now be stopped by force.") : ""}</span>
      ${this.late ? this.force(job) : nothing}
      ${this.problem ? html`<p class="problem" role="alert">${this.problem}</p>` : nothing}`;
  }

  private mayForce(job: Job): boolean {
    return job.cancel !== null && job.state === "started";
  }

  private force(job: Job): TemplateResult | typeof nothing {
    if (!this.mayForce(job)) return nothing;
    if (this.forced) return html`<p class="quiet" role="status">${t("Its process is being terminated")}</p>`;
    return html`<details class="force">
      <summary class="button danger">${t("Stop by force…")}</summary>
      <div class="panel force-body">
        <p>${t("Its process is terminated in the middle of what it does; the task cannot put anything away.")}</p>
        <button type="button" class="button danger" ?disabled=${this.sent} @click=${() => this.ask(true)}>
          ${t("Terminate the process")}
        </button>
      </div>
    </details>`;
  }

  private async ask(force: boolean): Promise<void> {
    this.sent = true;
    this.problem = "";
    try {
      await cancelJob(this.job, force);
      this.forced = force;
    } catch (error) {
      this.problem = t("The job could not be cancelled: {detail}", { detail: (error as Error).message });
    }
    this.sent = false;
  }
}

define("taskcast-cancel", CancelElement);
