import { html, nothing, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import { repeat } from "lit/directives/repeat.js";
import { Children } from "../children";
import { learn, named } from "../filenames";
import { argsLine, count, errorLine, situation, taskName, when } from "../format";
import { t } from "../i18n";
import { JobList, type JobsChange, type View } from "../joblist";
import { liveJobs } from "../livejobs";
import { jobFeed, pageData } from "../page";
import { isFinal, type Job } from "../types";
import { jobPage } from "../urls";
import { badge } from "./badge";
import { bar, share } from "./bar";
import { define, Piece } from "./piece";
import "./span";

/** How far from the screen rows still change with every report, in heights of the screen. */
const NEAR = "50%";

/** A list of jobs whose rows change in place. What it may take in is said by its attributes. */
export class JobsElement extends Piece {
  static override properties = {
    data: {},
    limit: { type: Number },
    states: {},
    tasks: { type: Array },
    owner: {},
    /** Only the children of this job. */
    parent: {},
    oldest: { type: Boolean },
    /** Rows change, but none come: a later page, or a search that only the server can do. */
    fixed: { type: Boolean },
  };
  declare data: string;
  declare limit: number;
  declare states: string;
  declare tasks: string[];
  declare owner: string;
  declare parent: string;
  declare oldest: boolean;
  declare fixed: boolean;
  protected list: JobList | undefined;
  /** How often names of files were learnt, which rows show. */
  private learnt = 0;
  private ofParent: Children | undefined;
  /** Jobs whose rows nobody can see: those take in their state at once, and the rest when they come near. */
  private readonly far = new Set<string>();
  private readonly sight = new IntersectionObserver((changes) => this.see(changes), {
    rootMargin: `${NEAR} 0px`,
  });
  private unlisten: (() => void) | undefined;
  private unfollow: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.list = this.begin(pageData<Job[]>(this.data) ?? []);
    if (this.parent) this.followParent();
    else this.listen();
  }

  protected begin(rows: Job[]): JobList {
    return new JobList(this.view(), rows);
  }

  private listen(): void {
    this.unlisten ??= liveJobs().listen(
      (change) => this.take(change),
      () => this.list?.unfinished() ?? [],
    );
  }

  /** A job that has no children yet may never have any: all jobs are listened to once there is one. */
  private followParent(): void {
    const feed = jobFeed(this.parent);
    const take = (jobs: Job[]) => this.take({ jobs, removed: [] });
    this.ofParent = new Children(feed, this.limit, take, () => this.canChange());
    const heard = () => {
      if (this.ofParent?.total) this.listen();
      this.requestUpdate();
      void this.ofParent?.look();
    };
    this.unfollow = feed.listen(heard);
    heard();
  }

  private canChange(): boolean {
    const { list, ofParent } = this;
    if (!this.isConnected || !list || !ofParent) return false;
    return list.unfinished().length > 0 || list.rows.length < Math.min(ofParent.total, this.limit);
  }

  /** Take in what has changed. */
  take(change: JobsChange): void {
    if (!this.list?.take(change)) return;
    this.requestUpdate();
    learn(this.list.rows, () => {
      this.learnt += 1;
      this.requestUpdate();
    });
  }

  private see(changes: IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of changes) {
      const id = (target as HTMLElement).dataset.job ?? "";
      if (isIntersecting || !target.isConnected) this.far.delete(id);
      else this.far.add(id);
      if (!target.isConnected) this.sight.unobserve(target);
    }
    this.requestUpdate();
  }

  protected override updated(): void {
    for (const row of this.querySelectorAll("tr[data-job]")) this.sight.observe(row);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sight.disconnect();
    this.unlisten?.();
    this.unlisten = undefined;
    this.unfollow?.();
  }

  protected override ready(): boolean {
    return !this.parent || jobFeed(this.parent).job !== null;
  }

  protected view(): View {
    const states = (this.states ?? "").split(" ").filter(Boolean);
    const { limit = 50, tasks = [], owner = "", parent = "", oldest = false, fixed = false } = this;
    return { states, limit, tasks, owner, parent, oldest, fixed };
  }

  override render(): TemplateResult {
    const rows = this.list?.rows ?? [];
    const more = (this.ofParent?.total ?? 0) - rows.length;
    if (rows.length === 0)
      return html`<p class="empty">${this.getAttribute("empty") ?? t("No jobs here.")}</p>`;
    return html`<table class="jobs">
      <thead><tr>
        <th scope="col">${t("State")}</th><th scope="col">${t("Task")}</th><th scope="col" class="wide">${t("Owner")}</th>
        <th scope="col">${t("Created")}</th><th scope="col" class="number">${t("Duration")}</th>
      </tr></thead>
      <tbody>${this.body(rows)}</tbody>
    </table>
    ${more > 0 ? html`<p class="quiet more">${t("… and {n} more", { n: count(more) })}</p>` : nothing}`;
  }

  protected body(rows: Job[]): unknown {
    return repeat(
      rows,
      (job) => job.id,
      // Of 500 rows few have changed, and fewer can be seen: the others are not made anew.
      (job) => guard([this.far.has(job.id) ? job.state : job, this.learnt], () => this.row(job)),
    );
  }

  protected row(job: Job): TemplateResult {
    return html`<tr data-job=${job.id} data-state=${job.state}>${cells(job)}</tr>`;
  }
}

/** What a row says of its job. */
export function cells(job: Job): TemplateResult {
  const [module, name] = taskName(job.task);
  return html`<td class="cell-state">${badge(job.state)}</td>
    <td class="cell-task">
      <a class="task-name" href=${jobPage(job.id)}><span class="module">${module}</span>${name}</a>
      ${job.row ? html`<span class="row-number">${t("row {number}", { number: count(job.row) })}</span>` : nothing}
      <span class="args">${argsLine(named(job.args))}</span>
      ${about(job)}
    </td>
    <td class="cell-owner wide">${job.owner ?? ""}</td>
    <td class="cell-created"><time datetime=${job.created_at ?? nothing}>${when(job.created_at, true)}</time></td>
    <td class="cell-duration number">
      ${job.started_at ? html`<taskcast-span .from=${job.started_at} .to=${job.finished_at}></taskcast-span>` : nothing}
    </td>`;
}

/** The second line of a row: the bar of a job that runs, the reason of one that waits or failed. */
function about(job: Job): TemplateResult | typeof nothing {
  if (job.error) return html`<span class="about about-error">${errorLine(job.error)}</span>`;
  if (!isFinal(job.state) && job.progress) {
    const known = share(job.progress);
    return html`<span class="about about-bar">${bar(job.progress, t("Progress"))}
      <span class="percent">${known === null ? nothing : `${Math.floor(known * 100)} %`}</span>
      <span class="about-text">${job.progress.description}</span></span>`;
  }
  const words = situation(job);
  return words ? html`<span class="about">${words}</span>` : nothing;
}

define("taskcast-jobs", JobsElement);
