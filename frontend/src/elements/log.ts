import { clock, count } from "../format";
import { t } from "../i18n";
import type { Line, LogBook } from "../logbook";
import { define } from "./piece";

/** Lines in one block: the browser skips the layout of blocks out of sight. */
const BLOCK = 100;
/** Lines drawn; earlier ones come on demand. */
const CAP = 2_000;

/**
 * A job's log. It only ever draws what is new: at twenty flushes a second, a render of all lines would freeze
 * the page long before the twenty-thousandth.
 */
export class LogElement extends HTMLElement {
  private book: LogBook | null = null;
  private generation = -1;
  /** The lines drawn are those from `first` up to, without, `next`. */
  private first = 0;
  private next = 0;
  private extra = 0;
  private follow = true;
  private scroller!: HTMLElement;
  private blocks!: HTMLElement;
  private earlier!: HTMLButtonElement;
  private note!: HTMLElement;
  private size!: HTMLElement;
  private toggle!: HTMLInputElement;

  /** Draw what the book has gained. `ended`: no more lines are to come. */
  show(book: LogBook, ended: boolean): void {
    this.build();
    this.book = book;
    if (book.generation !== this.generation) this.redraw();
    else this.extend();
    const total = book.lines.length;
    this.size.textContent = total === 1 ? t("1 line") : t("{count} lines", { count: count(total) });
    this.earlier.hidden = this.first === 0;
    this.earlier.textContent = t("Show {count} earlier lines", { count: count(Math.min(this.first, CAP)) });
    this.note.hidden = total > 0 && book.gaps.length === 0;
    this.note.textContent = book.gaps.length
      ? t("Fetching earlier lines…")
      : t(ended ? "No log lines" : "No lines yet");
    this.dataset.complete = String(ended && book.gaps.length === 0);
    if (this.follow) this.toEnd();
  }

  private build(): void {
    if (this.scroller) return;
    this.innerHTML = `<section class="panel job-log"><header class="log-head"><h2></h2><span class="quiet log-size"></span>
      <label class="log-follow"><input type="checkbox" checked><span></span></label></header>
      <div class="log" role="log" aria-live="off" tabindex="0"><button type="button" class="log-earlier" hidden></button>
      <p class="quiet log-note"></p><div class="log-blocks"></div></div></section>`;
    const find = <T extends Element>(selector: string): T => this.querySelector(selector) as T;
    find("h2").textContent = t("Log");
    find(".log-follow span").textContent = t("Follow");
    this.scroller = find(".log");
    this.scroller.setAttribute("aria-label", t("Log"));
    this.blocks = find(".log-blocks");
    this.earlier = find(".log-earlier");
    this.note = find(".log-note");
    this.size = find(".log-size");
    this.toggle = find(".log-follow input");
    this.toggle.addEventListener("change", () => this.setFollow(this.toggle.checked));
    this.earlier.addEventListener("click", () => this.showEarlier());
    // Blocks find out their height when they come into sight, later than we scrolled there.
    new ResizeObserver(() => this.follow && this.toEnd()).observe(this.blocks);
    // Only a reader's own scrolling stops the following; ours and the browser's always end at the bottom.
    this.scroller.addEventListener("wheel", () => this.noticeScroll(), { passive: true });
    this.scroller.addEventListener("touchmove", () => this.noticeScroll(), { passive: true });
    this.scroller.addEventListener("keydown", () => this.noticeScroll());
  }

  private redraw(): void {
    const book = this.book as LogBook;
    this.generation = book.generation;
    this.first = Math.max(0, book.lines.length - CAP - this.extra);
    this.next = this.first;
    this.blocks.replaceChildren();
    this.extend();
  }

  private extend(): void {
    const { lines } = this.book as LogBook;
    while (this.next < lines.length) {
      let block = this.blocks.lastElementChild;
      if (!block || block.childElementCount >= BLOCK) {
        block = document.createElement("div");
        block.className = "log-block";
        this.blocks.append(block);
      }
      const room = BLOCK - block.childElementCount;
      const fresh = lines.slice(this.next, this.next + room);
      block.append(...fresh.map(lineElement));
      this.next += fresh.length;
    }
    if (this.follow) this.forget();
  }

  /** A reader at the end does not need the beginning drawn; one who reads it must not lose it. */
  private forget(): void {
    while (this.next - this.first > CAP + this.extra + BLOCK) {
      const block = this.blocks.firstElementChild as Element;
      this.first += block.childElementCount;
      block.remove();
    }
  }

  private showEarlier(): void {
    this.setFollow(false);
    this.extra += CAP;
    const below = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.redraw();
    this.earlier.hidden = this.first === 0;
    this.scroller.scrollTop = this.scroller.scrollHeight - below;
  }

  private noticeScroll(): void {
    requestAnimationFrame(() => {
      const { scrollHeight, scrollTop, clientHeight } = this.scroller;
      const atEnd = scrollHeight - scrollTop - clientHeight < 8;
      if (atEnd !== this.follow) this.setFollow(atEnd);
    });
  }

  private setFollow(follow: boolean): void {
    this.follow = follow;
    this.toggle.checked = follow;
    if (follow) this.toEnd();
  }

  private toEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }
}

function lineElement(line: Line): HTMLElement {
  const row = document.createElement("div");
  row.className = "line";
  row.dataset.level = line.level;
  row.dataset.seq = String(line.seq);
  const time = document.createElement("time");
  time.dateTime = line.time;
  time.textContent = clock(line.time);
  const level = document.createElement("span");
  level.className = "level";
  level.textContent = line.level;
  const text = document.createElement("span");
  text.className = "text";
  text.textContent = line.text;
  row.append(time, " ", level, " ", text);
  return row;
}

define("taskcast-log", LogElement);
