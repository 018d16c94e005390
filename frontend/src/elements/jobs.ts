import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { learn, named } from "../filenames";
import { argsLine, situation, taskName, when } from "../format";
import { t } from "../i18n";
import { JobList, type View } from "../joblist";
import { liveJobs } from "../livejobs";
import { pageData } from "../page";
import { isFinal, type Job } from "../types";
import { jobPage } from "../urls";
import { badge } from "./badge";
import { bar, share } from "./bar";
import { define, Piece } from "./piece";
import "./span";

/** A list of jobs whose rows change in place. What it may take in is said by its attributes. */
export class JobsElement extends Piece {
  static override properties = {
    data: {},
    limit: { type: Number },
    states: {},
    tasks: { type: Array },
    owner: {},
    /** Rows change, but none come: a later page, or a search that only the server can do. */
    fixed: { type: Boolean },
  };
  declare data: string;
  declare limit: number;
  declare states: string;
  declare tasks: string[];
  declare owner: string;
  declare fixed: boolean;
  private list: JobList | undefined;
  private unlisten: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.list = new JobList(this.view(), pageData<Job[]>(this.data) ?? []);
    this.unlisten = liveJobs().listen(
      (change) => {
        if (!this.list?.take(change)) return;
        this.requestUpdate();
        learn(this.list.rows, () => this.requestUpdate());
      },
      () => this.list?.unfinished() ?? [],
    );
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.unlisten?.();
  }

  private view(): View {
    const states = (this.states ?? "").split(" ").filter(Boolean);
    const { limit = 50, tasks = [], owner = "", fixed = false } = this;
    return { states, limit, tasks, owner, fixed };
  }

  override render(): TemplateResult {
    const rows = this.list?.rows ?? [];
    if (rows.length === 0)
      return html`<p class="empty">${this.getAttribute("empty") ?? t("No jobs here.")}</p>`;
    return html`<table class="jobs">
      <thead><tr>
        <th scope="col">${t("State")}</th><th scope="col">${t("Task")}</th><th scope="col" class="wide">${t("Owner")}</th>
        <th scope="col">${t("Created")}</th><th scope="col" class="number">${t("Duration")}</th>
      </tr></thead>
      <tbody>${repeat(rows, (job) => job.id, row)}</tbody>
    </table>`;
  }
}

function row(job: Job): TemplateResult {
  const [module, name] = taskName(job.task);
  return html`<tr data-job=${job.id} data-state=${job.state}>
    <td class="cell-state">${badge(job.state)}</td>
    <td class="cell-task">
      <a class="task-name" href=${jobPage(job.id)}><span class="module">${module}</span>${name}</a>
      <span class="args">${argsLine(named(job.args))}</span>
      ${about(job)}
    </td>
    <td class="cell-owner wide">${job.owner ?? ""}</td>
    <td class="cell-created"><time datetime=${job.created_at ?? nothing}>${when(job.created_at, true)}</time></td>
    <td class="cell-duration number">
      ${job.started_at ? html`<taskcast-span .from=${job.started_at} .to=${job.finished_at}></taskcast-span>` : nothing}
    </td>
  </tr>`;
}

/** The second line of a row: the bar of a job that runs, the reason of one that waits or failed. */
function about(job: Job): TemplateResult | typeof nothing {
  if (job.error)
    return html`<span class="about about-error">${job.error.type}: ${job.error.message.slice(0, 200)}</span>`;
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
