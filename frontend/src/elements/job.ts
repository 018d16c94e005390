import { html, nothing, type TemplateResult } from "lit";
import type { JobFeed, PageJob } from "../feed";
import { taskName } from "../format";
import { t } from "../i18n";
import { jobFeed, pageData, socket } from "../page";
import { isFinal, type Job } from "../types";
import { jobPage } from "../urls";
import { badge } from "./badge";
import { facts } from "./facts";
import type { LogElement } from "./log";
import "./log";
import "./output";
import { Piece } from "./piece";
import { progress } from "./progress";
import { failure, result } from "./result";
import "./span";

/**
 * One live job: state, progress, result, outputs, log. On its own page it starts from the data that the server
 * wrote there; anywhere else (embed.js) from the socket's snapshot.
 */
export class JobElement extends Piece {
  static override properties = { job: {}, compact: { type: Boolean }, ended: { state: true } };
  declare job: string;
  declare compact: boolean;
  /** The reader is signed out. */
  declare ended: boolean;
  private feed: JobFeed | undefined;
  private unlisten: (() => void) | undefined;
  private unwatch: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.feed = jobFeed(this.job);
    const page = pageData<PageJob>("job-data");
    if (page?.job.id === this.job) this.feed.start(page);
    this.dataset.job = this.job;
    this.unlisten = this.feed.listen(() => this.requestUpdate());
    this.unwatch = socket().watch(({ ended }) => {
      this.ended = ended;
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unlisten?.();
    this.unwatch?.();
  }

  protected override ready(): boolean {
    return Boolean(this.feed?.job || this.feed?.missing || this.ended);
  }

  override render(): TemplateResult {
    const job = this.feed?.job;
    if (!job || this.feed?.missing) {
      const missing = this.feed?.missing || !this.ended;
      const words = t(
        missing ? "This job does not exist, or you may not see it." : "Sign in to see this job.",
      );
      return html`<p class="panel problem" role="alert">${words}</p>`;
    }
    return html`<div class="job" data-state=${job.state}>
      ${head(job, this.compact)} ${progress(job)}
      <div class="job-columns">
        <div class="job-main">
          ${failure(job)} ${outputs(job)} ${result(job, this.compact)}
          <taskcast-log></taskcast-log>
        </div>
        ${this.compact ? nothing : facts(job)}
      </div>
    </div>`;
  }

  override updated(): void {
    const job = this.feed?.job;
    if (!job || !this.feed) return;
    this.dataset.state = job.state;
    this.renderRoot
      .querySelector<LogElement>("taskcast-log")
      ?.show(this.feed.replica.log, isFinal(job.state));
  }
}

function head(job: Job, compact: boolean): TemplateResult {
  const [module, name] = taskName(job.task);
  return html`<div class="job-head">
    ${badge(job.state)}
    ${compact ? html`<a class="task-name" href=${jobPage(job.id)}><span class="module">${module}</span>${name}</a>` : nothing}
    ${job.started_at ? html`<taskcast-span class="job-time" .from=${job.started_at} .to=${job.finished_at}></taskcast-span>` : nothing}
  </div>`;
}

function outputs(job: Job): TemplateResult | typeof nothing {
  if (!job.outputs?.length) return nothing;
  return html`<section class="panel job-outputs">
    <h2>${t(isFinal(job.state) ? "Outputs" : "Result so far")}</h2>
    ${job.outputs.map((entry, n) => html`<taskcast-output .job=${job.id} .at=${n + 1} .entry=${entry}></taskcast-output>`)}
  </section>`;
}
