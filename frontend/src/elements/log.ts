import { ApiError, searchLog } from "../api";
import type { JobFeed } from "../feed";
import { count } from "../format";
import { t } from "../i18n";
import { Scan } from "../logscan";
import { isFinal, type Job } from "../types";
import { jobPage, logUrl } from "../urls";
import { type Look, lineElement, type Times } from "./logline";
import { LogView } from "./logview";
import { define } from "./piece";

/** Lines that are fetched together. */
const PAGE = 400;
/** And so many before they come into sight. */
const AHEAD = 300;
const TYPED_MS = 250;
const LEVELS = ["", "info", "warning", "error"];
const TIMES: Times[] = ["clock", "since", "off"];
const LEVEL_WORDS = (): string[] => [t("All levels"), t("Info and up"), t("Warnings and up"), t("Errors")];
const TIME_WORDS = (): string[] => [t("Time of day"), t("Since the start"), t("No times")];

type Range = [from: number, to: number];

/**
 * A job's log, whatever its length: only what is near the sight is drawn, and little more is held. Lines arrive at the
 * end by the job's feed; all others are fetched by their numbers when they are looked at.
 */
export class LogElement extends HTMLElement {
  private feed: JobFeed | undefined;
  private job: Job | undefined;
  private view: LogView | undefined;
  private look: Look = { words: "", times: "clock", start: null, href: "" };
  private generation = -1;
  private level = "";
  /** Which lines have the level; null for all. */
  private rows: Scan | null = null;
  private hits: Scan | null = null;
  private current = 0;
  private marked: Range | null = null;
  /** A line to come to as soon as the log is known to have it. */
  private wanted = 0;
  private fetching = false;
  /** Asked for, and not to be had: lines that were forgotten with their job. */
  private readonly asked = new Set<string>();
  private seen = 0;
  private typed: ReturnType<typeof setTimeout> | undefined;
  private readonly leave = new AbortController();

  /** Draw what the log has gained. */
  show(feed: JobFeed, job: Job): void {
    this.feed = feed;
    this.job = job;
    const { total, generation } = feed.replica.log;
    if (!this.view && !total) {
      this.say(isFinal(job.state) && total === 0 ? t("No log lines") : t("No lines yet"));
      return;
    }
    if (!this.view) this.build();
    this.look.start = job.started_at ?? job.created_at;
    if (generation !== this.generation) {
      this.generation = generation;
      this.asked.clear();
      this.filter();
      this.search();
    }
    if (total !== null) {
      this.find("log-size").textContent =
        total === 1 ? t("1 line") : t("{count} lines", { count: count(total) });
      void this.rows?.more(total);
      void this.hits?.more(total);
    }
    this.draw();
  }

  disconnectedCallback(): void {
    this.leave.abort();
    this.rows?.stop();
    this.hits?.stop();
  }

  /** One quiet line in the place of a log. */
  private say(words: string): void {
    if (!this.firstChild) {
      this.innerHTML = `<section class="panel job-log" data-empty><header class="log-head"><h2></h2>
        <span class="quiet log-size"></span></header></section>`;
      (this.querySelector("h2") as HTMLElement).textContent = t("Log");
    }
    this.find("log-size").textContent = words;
    this.dataset.complete = String(isFinal(this.job?.state ?? "") && this.feed?.replica.log.total === 0);
  }

  private build(): void {
    const { signal } = this.leave;
    const id = this.feed?.id ?? "";
    this.innerHTML = `<section class="panel job-log"><header class="log-head"><h2></h2><span class="quiet log-size"></span>
      <div class="log-tools"><span class="log-search" role="search"><input type="search" maxlength="200" autocomplete="off"
      spellcheck="false"><span class="quiet log-count" role="status"></span><button type="button" class="log-tool log-back">↑</button>
      <button type="button" class="log-tool log-on">↓</button></span><select class="log-tool log-level"></select>
      <select class="log-tool log-times"></select><label class="log-tool log-wrap"><input type="checkbox"><span></span></label>
      <label class="log-tool log-tall"><input type="checkbox"><span></span></label>
      <a class="log-tool log-download" download></a></div></header>
      <div class="log" role="log" aria-live="off" tabindex="0"></div>
      <button type="button" class="button log-return" hidden></button></section>`;
    const text = (name: string, words: string): void => {
      this.find(name).textContent = words;
    };
    const label = (name: string, words: string): void => {
      this.find(name).setAttribute("aria-label", words);
      this.find(name).title = words;
    };
    (this.querySelector("h2") as HTMLElement).textContent = t("Log");
    this.find("log").setAttribute("aria-label", t("Log"));
    label("log-back", t("Previous match"));
    label("log-on", t("Next match"));
    label("log-level", t("Levels that are shown"));
    label("log-times", t("How times are shown"));
    this.find("log-download").textContent = t("Download");
    (this.find("log-download") as HTMLAnchorElement).href = logUrl(id);
    this.look.href = this.getRootNode() === document ? "" : jobPage(id);
    text("log-wrap span", t("Wrap"));
    text("log-tall span", t("Tall"));
    this.input.placeholder = t("Search, or :123 for a line");
    this.input.setAttribute("aria-label", t("Search the log; a colon and a number lead to that line"));
    fill(this.find("log-level") as HTMLSelectElement, LEVELS, LEVEL_WORDS());
    fill(this.find("log-times") as HTMLSelectElement, TIMES, TIME_WORDS());

    this.view = new LogView(this.find("log"), () => this.moved());
    const on = (name: string, event: string, act: (event: Event) => void): void =>
      this.find(name).addEventListener(event, act);
    on("log-search input", "input", () => {
      clearTimeout(this.typed);
      this.typed = setTimeout(() => this.search(), TYPED_MS);
    });
    on("log-search input", "keydown", (event) => this.searchKey(event as KeyboardEvent));
    on("log-back", "click", () => this.step(-1));
    on("log-on", "click", () => this.step(1));
    on("log-level", "change", () => this.filter());
    on("log-return", "click", () => {
      this.view?.toEnd();
      this.find("log").focus();
      this.draw();
    });
    on("log", "keydown", (event) => this.key(event as KeyboardEvent));
    on("log", "mousedown", (event) => {
      // With Shift it would select all text in between.
      if ((event.target as Element).closest(".n")) event.preventDefault();
    });
    on("log", "click", (event) => this.pick(event as MouseEvent));
    this.keep("log-times", "clock", (value) => {
      this.look = { ...this.look, times: TIMES.includes(value as Times) ? (value as Times) : "clock" };
    });
    this.keep("log-wrap input", "on", (value) => this.toggleAttribute("data-nowrap", value !== "on"));
    this.keep("log-tall input", "", (value) => this.toggleAttribute("data-tall", value === "on"));
    if (this.look.href === "") {
      addEventListener("hashchange", () => this.fromHash(), { signal });
      document.addEventListener("keydown", (event) => this.slash(event), { signal });
    }
    this.seen = this.total;
    this.update();
    if (this.look.href === "") this.fromHash();
  }

  /** A choice that this browser remembers. */
  private keep(name: string, otherwise: string, apply: (value: string) => void): void {
    const control = this.find(name) as HTMLInputElement | HTMLSelectElement;
    const key = `taskcast.${name.split(" ")[0]}`;
    const box = control instanceof HTMLInputElement;
    let value = otherwise;
    try {
      value = localStorage.getItem(key) ?? otherwise;
    } catch {
      // Forbidden here: then it is not remembered.
    }
    apply(value);
    if (box) control.checked = value === "on";
    else control.value = value;
    if (!control.value) control.value = otherwise;
    control.addEventListener("change", () => {
      const chosen = box ? (control.checked ? "on" : "off") : control.value;
      try {
        localStorage.setItem(key, chosen);
      } catch {
        // As above.
      }
      apply(chosen);
      this.update();
    });
  }

  private find(name: string): HTMLElement {
    return this.querySelector(`.${name}`) as HTMLElement;
  }

  private get input(): HTMLInputElement {
    return this.find("log-search input") as HTMLInputElement;
  }

  private get total(): number {
    return this.feed?.replica.log.total ?? this.seen;
  }

  /** All that is drawn, in another form. */
  private update(): void {
    this.view?.anew({
      size: this.rows ? this.rows.runs.size : this.total,
      key: (row) => this.feed?.replica.log.get(this.numberAt(row)),
      draw: (row) => this.line(this.numberAt(row)),
    });
    this.draw();
  }

  private line(number: number): HTMLElement {
    const row = lineElement(number, this.feed?.replica.log.get(number), this.look);
    this.mark(row, number);
    return row;
  }

  private mark(row: HTMLElement, number: number): void {
    row.classList.toggle(
      "marked",
      this.marked !== null && number >= this.marked[0] && number <= this.marked[1],
    );
    row.classList.toggle("current", number === this.current);
  }

  private numberAt(row: number): number {
    return this.rows ? this.rows.runs.at(row) : row + 1;
  }

  private draw(): void {
    const { view, feed } = this;
    if (!view || !feed) return;
    this.find("log").style.setProperty("--log-digits", `${Math.max(3, String(this.total).length)}ch`);
    if (view.follow && this.isSelecting()) view.follow = false;
    view.size = this.rows ? this.rows.runs.size : this.total;
    if (this.wanted && this.wanted <= this.total && (!this.rows || this.rows.upto >= this.wanted))
      this.come(this.wanted);
    view.update();
    this.moved();
  }

  /** The reader has moved, or rows have come. */
  private moved(): void {
    const { view } = this;
    if (!view) return;
    if (view.follow) this.seen = this.total;
    const back = this.find("log-return");
    const fresh = this.total - this.seen;
    back.hidden = view.follow;
    back.textContent =
      fresh > 0
        ? `↓ ${fresh === 1 ? t("1 new line") : t("{count} new lines", { count: count(fresh) })}`
        : `↓ ${t("To the end")}`;
    void this.fetch();
  }

  private isSelecting(): boolean {
    const selection = getSelection();
    return Boolean(selection && !selection.isCollapsed && this.contains(selection.anchorNode));
  }

  /** Fetch what is in sight and not here; one page at a time, always of where the reader is by then. */
  private async fetch(): Promise<void> {
    const { view, feed, level } = this;
    if (!view || !feed || this.fetching) return;
    const { log } = feed.replica;
    const [first, end] = view.range;
    const lacks = (row: number): boolean =>
      !log.get(this.numberAt(row)) && !this.asked.has(`${level}${this.numberAt(row)}`);
    let row = first;
    while (row < end && !lacks(row)) row += 1;
    this.dataset.complete = String(isFinal(this.job?.state ?? "") && log.total !== null && row >= end);
    if (log.total === null) return;
    if (end > first) log.forget(this.numberAt(first), this.numberAt(end - 1));
    if (row >= end) {
      // All is here: on with what the reader may come to next.
      const [up, down] = [Math.max(0, first - AHEAD), Math.min(view.size, end + AHEAD) - 1];
      if (up < first && lacks(up)) row = up;
      while (row <= down && !lacks(row)) row += 1;
      if (row > down) return;
    }
    const number = this.numberAt(row);
    // Where nothing is here yet, those before it as well.
    const from = row === first && !this.rows ? Math.max(1, number - PAGE / 4) : number;
    this.fetching = true;
    try {
      if ((await feed.fetch(from, PAGE, level)) && !log.get(number)) this.asked.add(`${level}${number}`);
    } finally {
      this.fetching = false;
    }
    this.draw();
  }

  private filter(): void {
    const { feed } = this;
    if (!feed) return;
    this.rows?.stop();
    const at = this.view?.follow ? 0 : this.numberAt(this.view?.seen[0] ?? 0);
    this.level = (this.find("log-level") as HTMLSelectElement).value;
    const { level } = this;
    this.rows = level
      ? new Scan(
          (from) => searchLog(feed.id, from, "", level).catch(refused),
          (hits) => {
            feed.replica.log.put(hits.lines);
            this.draw();
          },
        )
      : null;
    this.update();
    if (at) this.wanted = at;
    this.search();
    if (feed.replica.log.total) void this.rows?.more(feed.replica.log.total);
    this.draw();
  }

  private search(): void {
    const { feed } = this;
    if (!feed) return;
    clearTimeout(this.typed);
    const typed = this.input.value;
    const words = /^:\d*$/.test(typed) ? "" : typed;
    this.hits?.stop();
    this.hits = null;
    this.current = 0;
    const from = this.view?.follow ? 1 : this.numberAt(this.view?.seen[0] ?? 0);
    if (words !== this.look.words) {
      this.look = { ...this.look, words };
      this.update();
    }
    if (words) {
      const { level } = this;
      this.hits = new Scan(
        (first) => searchLog(feed.id, first, words, level).catch(refused),
        () => {
          const runs = this.hits?.runs;
          // To the first one from here on; where there is none yet, the look goes on.
          if (runs && !this.current && (runs.from(from) < runs.size || (!this.hits?.busy && runs.size))) {
            const at = runs.from(from);
            this.take(runs.at(at < runs.size ? at : 0));
          }
          this.told();
        },
      );
      void this.hits.more(this.total).then(() => this.told());
    }
    this.told();
  }

  /** How many matches there are, and which one this is. */
  private told(): void {
    const { hits } = this;
    const place = this.find("log-count");
    this.find("log-search").toggleAttribute("data-words", hits !== null);
    if (!hits) place.textContent = "";
    else if (hits.failed) place.textContent = t("Could not be searched");
    else if (!hits.runs.size)
      place.textContent = hits.busy || hits.upto === 0 ? t("Searching…") : t("No matches");
    else {
      const all = `${count(hits.runs.size)}${hits.busy ? "+" : ""}`;
      const at = this.current ? count(hits.runs.from(this.current) + 1) : "–";
      place.textContent = t("{at} of {all}", { at, all });
    }
  }

  private step(by: number): void {
    const runs = this.hits?.runs;
    if (!runs?.size) return;
    const at = runs.from(this.current);
    this.take(runs.at((at + by + runs.size) % runs.size));
    this.told();
  }

  private take(number: number): void {
    this.current = number;
    this.come(number);
  }

  private searchKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const line = /^:(\d+)$/.exec(this.input.value);
    if (event.key === "Enter" && line) {
      this.point([Number(line[1]), Number(line[1])]);
      this.come(Number(line[1]));
    } else if (event.key === "Enter" && this.input.value !== this.look.words) this.search();
    else if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      this.input.value = "";
      this.search();
      this.find("log").focus();
    } else return;
    event.preventDefault();
  }

  private slash(event: KeyboardEvent): void {
    const target = event.target as Element;
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input, select, textarea, [contenteditable]")) return;
    event.preventDefault();
    this.input.focus();
    this.input.select();
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.key === "Home") this.view?.toStart();
    else if (event.key === "End") this.view?.toEnd();
    else return;
    event.preventDefault();
    this.moved();
  }

  private pick(event: MouseEvent): void {
    const link = (event.target as Element).closest<HTMLAnchorElement>(".n");
    if (!link || event.ctrlKey || event.metaKey || this.look.href !== "") return;
    event.preventDefault();
    const number = Number(link.parentElement?.dataset.n);
    const from = event.shiftKey && this.marked ? this.marked[0] : number;
    this.point([Math.min(from, number), Math.max(from, number)]);
  }

  /** Mark lines, and have the page's address name them. */
  private point(range: Range): void {
    this.marked = range;
    const [from, to] = range;
    history.replaceState(history.state, "", from === to ? `#L${from}` : `#L${from}-L${to}`);
    for (const row of this.querySelectorAll<HTMLElement>(".line")) this.mark(row, Number(row.dataset.n));
  }

  private fromHash(): void {
    const found = /^#L(\d{1,12})(?:-L(\d{1,12}))?$/.exec(location.hash);
    if (!found) return;
    const [a, b] = [Number(found[1]), Number(found[2] ?? found[1])];
    this.marked = [Math.min(a, b), Math.max(a, b)];
    this.come(this.marked[0]);
  }

  /** Come to a line; where it is not there yet, as soon as it is. */
  private come(number: number): void {
    const { view } = this;
    this.wanted = 0;
    if (!view || number > this.total || (this.rows && this.rows.upto < number)) this.wanted = number;
    else {
      const row = this.rows
        ? Math.min(this.rows.runs.from(number), this.rows.runs.size - 1)
        : Math.max(0, number - 1);
      view.size = this.rows ? this.rows.runs.size : this.total;
      if (row >= 0) view.show(row);
    }
    for (const row of this.querySelectorAll<HTMLElement>(".line")) this.mark(row, Number(row.dataset.n));
    this.moved();
  }
}

function fill(select: HTMLSelectElement, values: string[], words: string[]): void {
  for (const [at, value] of values.entries()) {
    const option = document.createElement("option");
    option.value = value;
    option.textContent = words[at] ?? "";
    select.append(option);
  }
}

/** What is refused is not asked again: it has no matches. */
function refused(error: unknown): never | { total: number; runs: []; lines: []; next: null } {
  if (error instanceof ApiError && error.status < 500)
    return { total: Number.MAX_SAFE_INTEGER, runs: [], lines: [], next: null };
  throw error;
}

define("taskcast-log", LogElement);
