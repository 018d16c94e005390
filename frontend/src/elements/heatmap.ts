import { html, nothing, type TemplateResult } from "lit";
import { getFile, getJob } from "../api";
import { Painter, type Tones } from "../cellpaint";
import { type Cell, Cells, type Grid, grid, STATES, step, type Told } from "../cells";
import type { JobFeed } from "../feed";
import { learn, named } from "../filenames";
import { argsLine, count, errorLine, situation, stateWord } from "../format";
import { isRefused } from "../fragment";
import { t } from "../i18n";
import { later } from "../later";
import { liveJobs } from "../livejobs";
import { jobFeed } from "../page";
import type { Job, State } from "../types";
import { cellsUrl, jobPage } from "../urls";
import { badge } from "./badge";
import { define, Piece } from "./piece";

/** Between two looks at what has changed: rows are written a moment after they are counted, so looks go on a while. */
const LOOKS_MS = [700, 1_500, 3_000, 6_000];
/** A pointer that only passes over a cell asks for nothing. */
const REST_MS = 120;
/** Up to how many cells a map is small, or of medium size; as in _family.html. */
const SMALL = 60;
const MEDIUM = 400;
/** A tip is not wider than this, in CSS pixels; as in heatmap.css. */
const TIP = 352;

/** A cell for each child of a job, 10,000 at most: its state as a colour and a shape, its page a click away. */
export class HeatmapElement extends Piece {
  static override properties = {
    job: {},
    size: { reflect: true },
    /** The place that the keys have led to, and the one that the tip is about. */
    focused: { state: true },
    told: { state: true },
  };
  declare job: string;
  declare size: string;
  declare focused: number | null;
  declare told: number | null;
  private readonly cells = new Cells();
  private feed: JobFeed | undefined;
  private stop: (() => void)[] = [];
  private unhear: (() => void) | undefined;
  private looking = false;
  private counted = "";
  private look = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private rest: ReturnType<typeof setTimeout> | undefined;
  private grid: Grid = { cell: 1, columns: 1, rows: 0 };
  private ratio = 1;
  private painter: Painter | undefined;
  private dirty: Set<number> | "all" = "all";
  /** Whole jobs that the tip was about, or that were heard of since. */
  private readonly jobs = new Map<string, Job>();
  private readonly draw = later(() => this.paint());
  private readonly sight = new ResizeObserver(() => this.redraw());

  override connectedCallback(): void {
    super.connectedCallback();
    this.focused = this.told = null;
    this.feed = jobFeed(this.job);
    const heed = () => this.heed();
    const redraw = () => this.redraw();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", redraw);
    document.addEventListener("visibilitychange", heed);
    this.stop = [
      this.feed.listen(heed),
      () => document.removeEventListener("visibilitychange", heed),
      () => scheme.removeEventListener("change", redraw),
    ];
    heed();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.stop) stop();
    this.unhear?.();
    this.unhear = undefined;
    this.sight.disconnect();
    clearTimeout(this.timer);
    clearTimeout(this.rest);
    this.timer = undefined;
  }

  // --- what is known ---

  /** The job has said something of its children, or the reader is back. */
  private heed(): void {
    const counts = this.feed?.job?.children;
    if (!counts || document.hidden) return;
    this.unhear ??= liveJobs().listen(
      ({ jobs }) => this.hear(jobs),
      () => [],
    );
    const words = JSON.stringify(counts);
    if (words === this.counted) return;
    this.counted = words;
    this.look = 0;
    this.plan(this.cells.change === null ? 0 : LOOKS_MS[0]);
  }

  private plan(ms = LOOKS_MS[this.look]): void {
    if (this.timer !== undefined || ms === undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.ask();
    }, ms);
  }

  /** Ask what has changed, until the cells say what the job says of its children, or nothing more comes. */
  private async ask(): Promise<void> {
    if (this.looking || document.hidden || !this.isConnected) return;
    this.looking = true;
    try {
      this.take(await getFile<Told>(cellsUrl(this.job, this.cells.change)));
    } catch (error) {
      if (isRefused(error)) return;
    } finally {
      this.looking = false;
    }
    this.look += 1;
    if (!this.isComplete()) this.plan();
  }

  private isComplete(): boolean {
    const mine = this.cells.counts();
    const theirs = this.feed?.job?.children ?? {};
    return STATES.every((state) => (mine[state] ?? 0) === (theirs[state] ?? 0));
  }

  /** Take in what the server says. */
  take(told: Told): void {
    this.mark(this.cells.take(told));
  }

  private hear(jobs: Job[]): void {
    for (const job of jobs) if (this.jobs.has(job.id)) this.jobs.set(job.id, job);
    if (this.cells.change !== null) this.mark(this.cells.hear(jobs, this.job));
  }

  private mark(moved: number[] | "all"): void {
    if (moved.length === 0) return;
    const columnsFit = this.grid.rows * this.grid.columns >= this.cells.list.length;
    if (moved === "all" || this.dirty === "all" || !columnsFit || !this.painter) this.redraw();
    else {
      for (const place of moved) this.dirty.add(place);
      this.draw();
    }
    if (this.told !== null && (moved === "all" || moved.includes(this.told))) this.requestUpdate();
  }

  // --- how it is drawn ---

  private redraw(): void {
    this.dirty = "all";
    const { length } = this.cells.list;
    const size = length <= SMALL ? "small" : length <= MEDIUM ? "medium" : "large";
    if (size !== this.size && length) this.size = size;
    this.requestUpdate();
    this.draw();
  }

  private paint(): void {
    const canvas = this.querySelector("canvas");
    const context = canvas?.getContext("2d");
    if (!canvas || !context) return;
    const { list } = this.cells;
    if (this.dirty === "all" || !this.painter) {
      const box = this.box();
      if (!box?.clientWidth) return;
      this.ratio = devicePixelRatio || 1;
      this.grid = grid(list.length, box.clientWidth, box.clientHeight, this.ratio);
      canvas.width = this.grid.columns * this.grid.cell;
      canvas.height = this.grid.rows * this.grid.cell;
      canvas.style.width = `${canvas.width / this.ratio}px`;
      canvas.style.height = `${canvas.height / this.ratio}px`;
      this.painter = new Painter(context, this.grid, this.tones(), this.ratio);
      this.painter.paintAll(list);
      this.requestUpdate();
    } else this.painter.paint(list, this.dirty);
    this.dirty = new Set();
  }

  /** The colours as the reader's scheme has them: those of the badges. */
  private tones(): Tones {
    const probe = document.createElement("span");
    probe.className = "badge";
    probe.hidden = true;
    this.append(probe);
    const found: Partial<Tones> = { ground: getComputedStyle(this).backgroundColor };
    for (const state of STATES) {
      probe.dataset.state = state;
      found[state as State] = getComputedStyle(probe).color;
    }
    probe.remove();
    return found as Tones;
  }

  private box(): HTMLElement | null {
    return this.querySelector<HTMLElement>(".heat-box");
  }

  /** Where a cell stands in the box's content, in CSS pixels. */
  private spot(place: number): { x: number; y: number; side: number } {
    const side = this.grid.cell / this.ratio;
    return { x: (place % this.grid.columns) * side, y: Math.floor(place / this.grid.columns) * side, side };
  }

  // --- what the reader does ---

  private placeAt(event: MouseEvent): number | null {
    const canvas = this.querySelector("canvas");
    if (!canvas) return null;
    const { left, top } = canvas.getBoundingClientRect();
    const side = this.grid.cell / this.ratio;
    const column = Math.floor((event.clientX - left) / side);
    const place = Math.floor((event.clientY - top) / side) * this.grid.columns + column;
    const inside = column >= 0 && column < this.grid.columns && place >= 0;
    return inside && place < this.cells.list.length ? place : null;
  }

  private point(event: PointerEvent): void {
    if (event.pointerType !== "touch") this.tell(this.placeAt(event));
  }

  private press(event: MouseEvent): void {
    const place = this.placeAt(event);
    if (place === null) return;
    // A finger covers many cells: its first tap says which one is meant.
    if ((event as PointerEvent).pointerType === "touch" && place !== this.told) {
      event.preventDefault();
      this.focused = place;
      this.tell(place);
    } else if (!(event.target as Element).closest("a")) this.open(place);
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { focused } = this;
    if (event.key === "Enter" && focused !== null) this.open(focused);
    else if (event.key === "Escape") this.tell(null);
    else {
      const page = Math.max(
        1,
        Math.floor(((this.box()?.clientHeight ?? 0) * this.ratio) / this.grid.cell) - 1,
      );
      const to = step(event.key, focused ?? 0, this.cells.list.length, this.grid.columns, page);
      if (to === null) return;
      event.preventDefault();
      this.lead(to);
    }
  }

  private lead(to: number): void {
    this.focused = to;
    const box = this.box();
    const { y, side } = this.spot(to);
    if (box && y < box.scrollTop) box.scrollTop = y;
    else if (box && y + side > box.scrollTop + box.clientHeight) box.scrollTop = y + side - box.clientHeight;
    this.tell(to);
  }

  private open(place: number): void {
    const cell = this.cells.list[place];
    if (cell) location.assign(jobPage(cell.id));
  }

  /** Tell of this cell: at once what is known, and soon what only its job knows. */
  private tell(place: number | null): void {
    if (place === this.told) return;
    this.told = place;
    clearTimeout(this.rest);
    const cell = place === null ? undefined : this.cells.list[place];
    if (!cell || this.jobs.has(cell.id)) return;
    this.rest = setTimeout(async () => {
      const job = await getJob(cell.id).catch(() => null);
      if (!job) return;
      this.jobs.set(job.id, job);
      learn([job], () => this.requestUpdate());
      this.requestUpdate();
    }, REST_MS);
  }

  protected override ready(): boolean {
    return this.cells.change !== null;
  }

  protected override firstUpdated(): void {
    const box = this.box();
    if (box) this.sight.observe(box);
  }

  /** Positions go by the DOM: the page allows no styles in its text. */
  protected override updated(): void {
    for (const mark of this.querySelectorAll<HTMLElement>("[data-place]")) {
      const { x, y, side } = this.spot(Number(mark.dataset.place));
      mark.style.transform = `translate(${x}px, ${y}px)`;
      mark.style.width = mark.style.height = `${side}px`;
    }
    const tip = this.querySelector<HTMLElement>(".heat-tip");
    const box = this.box();
    if (!tip || !box || this.told === null) return;
    const { x, y, side } = this.spot(this.told);
    const width = Math.min(TIP, box.clientWidth);
    const below = y - box.scrollTop + side + 4;
    tip.style.left = `${Math.max(0, Math.min(x - 8, box.clientWidth - width))}px`;
    tip.style.top = `${below}px`;
  }

  override render(): TemplateResult {
    const { list } = this.cells;
    const { focused, told } = this;
    const at = focused === null ? undefined : list[focused];
    const under = told === null ? undefined : list[told];
    const total = Object.values(this.feed?.job?.children ?? {}).reduce((sum, n) => sum + n, 0);
    // A link that took the focus would be gone before the click that it is meant for.
    return html`<div class="heat-box" tabindex="0" role="listbox"
        aria-label=${t("All {n} children, in their order", { n: count(list.length) })}
        aria-description=${t("Arrow keys lead from one to the next, Enter opens its page.")}
        aria-activedescendant=${at ? `heat-${focused}` : nothing}
        @keydown=${(event: KeyboardEvent) => this.key(event)}
        @focus=${() => this.box()?.matches(":focus-visible") && this.lead(focused ?? 0)}
        @blur=${() => this.tell(null)}
        @pointermove=${(event: PointerEvent) => this.point(event)}
        @pointerleave=${() => this.tell(null)}
        @scroll=${() => this.tell(this.box()?.matches(":focus") ? focused : null)}
        @click=${(event: MouseEvent) => this.press(event)}>
        <canvas aria-hidden="true"></canvas>
        ${
          under
            ? html`<a class="heat-cell" data-place=${told} href=${jobPage(under.id)} tabindex="-1" aria-hidden="true"
              @mousedown=${(event: Event) => event.preventDefault()}></a>`
            : nothing
        }
        ${
          at
            ? html`<div class="heat-focus" id=${`heat-${focused}`} data-place=${focused} role="option" aria-selected="true"
              aria-posinset=${(focused ?? 0) + 1} aria-setsize=${list.length} aria-label=${this.words(at, focused ?? 0)}></div>`
            : nothing
        }
      </div>
      ${under ? this.tip(under, told ?? 0) : nothing}
      <p class="unseen" aria-live="polite">${at && focused === told ? this.more(at) : ""}</p>
      ${total > list.length ? html`<p class="quiet heat-more">${t("The first {n} are shown.", { n: count(list.length) })}</p>` : nothing}`;
  }

  private tip(cell: Cell, place: number): TemplateResult {
    const job = this.jobs.get(cell.id);
    return html`<div class="heat-tip" aria-hidden="true">
      <p class="heat-head">${badge(cell.state)} <a href=${jobPage(cell.id)} tabindex="-1">${name(cell, place)}</a></p>
      ${job ? html`<p class="args">${argsLine(named(job.args))}</p>` : nothing}
      ${job?.error ? html`<p class="problem">${firstLine(errorLine(job.error))}</p>` : job && situation(job) ? html`<p class="quiet">${situation(job)}</p>` : nothing}
    </div>`;
  }

  /** `row 123: Failed, ValueError: …` */
  private words(cell: Cell, place: number): string {
    const more = this.jobs.has(cell.id) ? this.more(cell) : "";
    return `${name(cell, place)}: ${stateWord(cell.state)}${more ? `, ${more}` : ""}`;
  }

  private more(cell: Cell): string {
    const job = this.jobs.get(cell.id);
    if (!job) return "";
    return job.error ? firstLine(errorLine(job.error)) : situation(job);
  }
}

const name = ({ row }: Cell, place: number): string =>
  row === null
    ? t("child {number}", { number: count(place + 1) })
    : t("row {number}", { number: count(row) });

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

define("taskcast-heatmap", HeatmapElement);
