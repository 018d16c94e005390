import { html, type TemplateResult } from "lit";
import { getFile } from "../api";
import type { Spec } from "../fits";
import { count, when } from "../format";
import { t } from "../i18n";
import type { JobList } from "../joblist";
import { pageData } from "../page";
import { MOST_HELD, SearchList } from "../searchlist";
import type { Job } from "../types";
import { cells, JobsElement } from "./jobs";
import { define } from "./piece";

/** Rows that are read on to by scrolling; after them a link leads on. */
const MOST = 500;
const PAGE = 50;
/** After the pointer has left, so long nothing moves under one that only crosses. */
const SETTLE_MS = 500;

interface More {
  jobs: Job[];
  next: string | null;
  reached: string | null;
}

/**
 * The list of jobs on its own page: rows can be ticked, new ones wait while the reader is at the list, and the jobs
 * before come when its end is near.
 */
export class JobListElement extends JobsElement {
  static override properties = {
    ...JobsElement.properties,
    search: {},
    order: {},
    next: {},
    query: {},
    more: {},
  };
  declare search: string;
  declare order: string;
  declare next: string;
  declare query: string;
  declare more: string;
  /** As the server wrote them: links that put the list in another order, and what an empty one says. */
  private head: Element | null = null;
  private empty: HTMLElement | null = null;
  private isPointed = false;
  private isAtTop = true;
  private isReading = false;
  private version = 0;
  private readonly leaving = new AbortController();
  private readonly top = new IntersectionObserver(([change]) => {
    this.isAtTop = change?.isIntersecting ?? true;
  });
  private readonly end = new IntersectionObserver(
    ([change]) => {
      if (change?.isIntersecting) void this.readOn(true);
    },
    { rootMargin: "0px 0px 800px" },
  );

  private get rowsOf(): SearchList {
    return this.list as SearchList;
  }

  override connectedCallback(): void {
    this.head ??= this.querySelector("thead");
    this.empty ??= this.querySelector(".empty");
    const ticked = [...this.querySelectorAll<HTMLInputElement>("input[name=job]:checked")].map(
      ({ value }) => value,
    );
    super.connectedCallback();
    const form = this.closest("form");
    const { signal } = this.leaving;
    form?.addEventListener("pointerenter", ({ pointerType }) => this.point(pointerType === "mouse"), {
      signal,
    });
    form?.addEventListener("pointerleave", () => this.point(false), { signal });
    form?.addEventListener("focusout", () => this.point(this.isPointed), { signal });
    this.button?.addEventListener("click", () => this.letIn(), { signal });
    this.link?.addEventListener("click", (event) => this.follow(event), { signal });
    const top = document.querySelector(".page-head");
    if (top) this.top.observe(top);
    this.watchEnd();
    void this.updateComplete.then(() => this.tick(ticked));
  }

  /** What was ticked before the script came, or before the reader came back, stays so. */
  private tick(ids: string[]): void {
    for (const box of this.querySelectorAll<HTMLInputElement>("input[name=job]"))
      if (ids.includes(box.value)) box.checked = true;
    this.dispatchEvent(new Event("rows", { bubbles: true }));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.leaving.abort();
    this.top.disconnect();
    this.end.disconnect();
  }

  protected override begin(rows: Job[]): JobList {
    return new SearchList(this.view(), rows, pageData<Spec>(this.search), this.next, this.order);
  }

  override take(change: Parameters<JobsElement["take"]>[0]): void {
    this.rowsOf.isHolding = this.isTouched();
    super.take(change);
  }

  /** Whether somebody is at the list: what moved now would move under a pointer, or from under the eyes. */
  private isTouched(): boolean {
    const form = this.closest("form");
    return (
      this.isPointed ||
      !this.isAtTop ||
      this.contains(document.activeElement) ||
      !!form?.querySelector("input[name=job]:checked")
    );
  }

  private point(isPointed: boolean): void {
    this.isPointed = isPointed;
    if (isPointed) return;
    setTimeout(() => {
      if (!this.isConnected || this.isTouched()) return;
      this.rowsOf.admit();
      this.requestUpdate();
    }, SETTLE_MS);
  }

  private letIn(): void {
    this.rowsOf.admit();
    this.requestUpdate();
    // The button goes, and with it the focus.
    this.closest("form")?.querySelector<HTMLElement>(".pick-all input")?.focus({ preventScroll: true });
    if (!this.isAtTop) scrollTo({ top: 0, behavior: "smooth" });
  }

  private get button(): HTMLButtonElement | null {
    return this.closest("form")?.querySelector(".list-new button") ?? null;
  }

  private get link(): HTMLAnchorElement | null {
    return document.querySelector(".pager .go-on a");
  }

  private watchEnd(): void {
    const { link } = this;
    this.end.disconnect();
    // A search that has to look at each job goes on only when it is asked to.
    if (link && !document.querySelector(".pager .reached")?.textContent) this.end.observe(link);
  }

  private follow(event: MouseEvent): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey || this.rowsOf.rows.length >= MOST) return;
    event.preventDefault();
    void this.readOn(false);
  }

  private async readOn(isByItself: boolean): Promise<void> {
    const { rowsOf, link } = this;
    if (this.isReading || !rowsOf.next || !link || rowsOf.rows.length >= MOST) return;
    this.isReading = true;
    try {
      const query = new URLSearchParams(this.query);
      query.set("cursor", rowsOf.next);
      const { jobs, next, reached } = await getFile<More>(`${this.more}?${query}`);
      rowsOf.append(jobs, next ?? "");
      this.say(reached);
      this.requestUpdate();
      await this.updateComplete;
      this.keepPlace();
      this.watchEnd();
    } catch {
      // The link still leads on.
      if (!isByItself) location.assign(link.href);
    } finally {
      this.isReading = false;
    }
  }

  private say(reached: string | null): void {
    const place = document.querySelector(".pager .reached");
    if (place) place.textContent = reached ? t("Searched as far as {time}.", { time: when(reached) }) : "";
  }

  /** Who comes back to this page finds as many rows in it, and so the same place. */
  private keepPlace(): void {
    const url = new URL(location.href);
    url.searchParams.set("limit", String(Math.min(MOST, Math.ceil(this.rowsOf.rows.length / PAGE) * PAGE)));
    history.replaceState(history.state, "", url);
  }

  protected override updated(): void {
    super.updated();
    const { rowsOf, button, link } = this;
    if (button) {
      const n = rowsOf.held.size;
      const words = n === MOST_HELD ? `${count(n)}+` : count(n);
      button.hidden = n === 0;
      if (n) button.textContent = n === 1 ? t("1 new job") : t("{n} new jobs", { n: words });
      const status = button.parentElement?.querySelector("[role=status]");
      // Told once, not with each job that comes.
      if (status) status.textContent = n ? t("There are new jobs.") : "";
    }
    if (this.version === rowsOf.version) return;
    this.version = rowsOf.version;
    if (link) {
      const query = new URLSearchParams(this.query);
      query.set("cursor", rowsOf.next);
      link.href = `?${query}`;
      if (link.parentElement) link.parentElement.hidden = !rowsOf.next;
    }
    this.dispatchEvent(new Event("rows", { bubbles: true }));
  }

  protected override row(job: Job): TemplateResult {
    const label = `${t("Select {task}", { task: job.task })} ${job.id.slice(0, 8)}`;
    return html`<tr data-job=${job.id} data-state=${job.state}>
      <td class="cell-tick"><input type="checkbox" name="job" value=${job.id} aria-label=${label}></td>
      ${cells(job)}</tr>`;
  }

  override render(): TemplateResult {
    const { rows } = this.rowsOf;
    if (this.empty) this.empty.hidden = rows.length > 0;
    return html`<table class="jobs" ?hidden=${rows.length === 0}>${this.head}<tbody>${this.body(rows)}</tbody></table>
      ${this.empty}`;
  }
}

define("taskcast-job-list", JobListElement);
