import { html, nothing, type TemplateResult } from "lit";
import type { JobFeed, PageJob } from "../feed";
import { stateWord, taskName } from "../format";
import { t } from "../i18n";
import { jobFeed, pageData, socket } from "../page";
import { isBatch, isFinal, type Job, type Output, type State } from "../types";
import { jobPage, share } from "../urls";
import { badge } from "./badge";
import { facts } from "./facts";
import type { LogElement } from "./log";
import "./log";
import { takeWritten } from "./output";
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
  private state: State | undefined;
  /** The state that the job has come into while the page was open: read out. */
  private said = "";

  override connectedCallback(): void {
    super.connectedCallback();
    this.feed = jobFeed(this.job);
    const page = pageData<PageJob>("job-data");
    if (page?.job.id === this.job) {
      this.feed.start(page);
      takeWritten(this);
    }
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
    if (!job || this.feed?.missing || (this.ended && share())) {
      const missing = this.feed?.missing || !this.ended;
      const signIn = share()
        ? "This link is over: its time has run out, or it was revoked."
        : "Sign in to see this job.";
      const words = t(missing ? "This job does not exist, or you may not see it." : signIn);
      return html`<p class="panel problem" role="alert">${words}</p>`;
    }
    if (this.state !== undefined && this.state !== job.state) this.said = stateWord(job.state);
    return html`<div class="job" data-state=${job.state}>
      ${head(job, this.compact)}<span class="unseen" role="status">${this.said}</span> ${progress(job, this.feed?.pace)}
      <div class="job-columns">
        <div class="job-main">
          ${failure(job)} ${outputs(job, this.compact)} ${result(job, this.compact)}
          ${isBatch(job) && !this.feed?.replica.log.total ? nothing : html`<taskcast-log></taskcast-log>`}
        </div>
        ${this.compact ? nothing : facts(job, this.feed?.moments)}
      </div>
    </div>`;
  }

  override updated(): void {
    const job = this.feed?.job;
    if (!job || !this.feed) return;
    this.dataset.state = job.state;
    this.state = job.state;
    this.renderRoot.querySelector<LogElement>("taskcast-log")?.show(this.feed, job);
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

function outputs(job: Job, compact: boolean): TemplateResult | typeof nothing {
  if (!job.outputs?.length) return nothing;
  return html`<section class="panel job-outputs">
    <h2>${t(isFinal(job.state) ? "Outputs" : "Result so far")}</h2>
    ${groups(job.outputs).map(
      (group) =>
        html`<div class=${group[0]?.entry.kind === "image" ? "gallery" : "single"}>${group.map(
          ({ entry, at }) =>
            html`<taskcast-output .job=${job.id} .at=${at} .entry=${entry} .compact=${compact}></taskcast-output>`,
        )}</div>`,
    )}
  </section>`;
}

/** Each output with its place; images that follow each other stand together. */
function groups(list: Output[]): { entry: Output; at: number }[][] {
  const found: { entry: Output; at: number }[][] = [];
  for (const [n, entry] of list.entries()) {
    const last = found.at(-1);
    const one = { entry, at: n + 1 };
    if (last && entry.kind === "image" && last[0]?.entry.kind === "image") last.push(one);
    else found.push([one]);
  }
  return found;
}
