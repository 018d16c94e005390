// The rows of a log, of which only those near the sight are drawn. Decision 22 says how.

/** Rows that are drawn, measured and let go together. */
const BLOCK = 50;
/** Pixels drawn above and below the sight. */
const MARGIN = 600;
/** Browsers cap the height of an element; Firefox soonest, below 18 million px. */
const TALLEST = 8_000_000;
/** A row until some were measured. */
const FIRST_GUESS = 20;
const IDLE_MS = 120;
/** So near to the end counts as there. */
const CLOSE = 8;

export interface Rows {
  size: number;
  /** What stands in the row: drawn anew where that is another object. */
  key(row: number): unknown;
  draw(row: number): HTMLElement;
}

interface Block {
  element: HTMLElement;
  keys: unknown[];
}

/** Of so many rows; its block may have grown since. */
interface Measured {
  rows: number;
  height: number;
}

/**
 * A place is a block and pixels into it, not pixels from the top: those change with each block that is measured.
 * The reader's scrolling moves the place; the scrollbar is put right when the reader rests, or comes to an end.
 */
export class LogView {
  /** Whether it stays at the end while rows arrive. */
  follow = true;
  private rows: Rows = { size: 0, key: () => null, draw: () => document.createElement("div") };
  private place = { block: 0, offset: 0 };
  private heights: (Measured | undefined)[] = [];
  private measured = { rows: 0, height: 0 };
  private readonly drawn = new Map<number, Block>();
  private readonly space = document.createElement("div");
  private readonly pane = document.createElement("div");
  private top = 0;
  private sight = { width: 0, height: 0 };
  private rest: ReturnType<typeof setTimeout> | undefined;

  /** `moved` is called after the reader has moved. */
  constructor(
    private readonly scroller: HTMLElement,
    private readonly moved: () => void,
  ) {
    this.space.className = "log-space";
    this.pane.className = "log-pane";
    this.space.append(this.pane);
    scroller.append(this.space);
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(scroller);
  }

  /** Other rows than before, or the same ones in another form: nothing that was measured holds. */
  anew(rows: Rows): void {
    this.rows = rows;
    this.heights = [];
    this.measured = { rows: 0, height: 0 };
    this.drawn.clear();
    this.pane.replaceChildren();
    this.settle();
  }

  /** How many rows there are; drawn with the next update. */
  get size(): number {
    return this.rows.size;
  }

  set size(size: number) {
    this.rows.size = size;
  }

  /** Draw what changed in the rows. */
  update(): void {
    this.settle();
  }

  /** Come to a row, and have it in the upper half of the sight. */
  show(row: number): void {
    this.follow = false;
    const into = this.sight.height / 3;
    this.place = { block: Math.floor(row / BLOCK), offset: (row % BLOCK) * this.guess - into };
    this.settle();
    const element = this.element(row);
    if (!element) return;
    const off = element.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - into;
    if (Math.abs(off) < 1) return;
    this.place.offset += off;
    this.settle();
  }

  toStart(): void {
    this.follow = false;
    this.place = { block: 0, offset: 0 };
    this.settle();
  }

  toEnd(): void {
    this.follow = true;
    this.settle();
  }

  /** The first and the last row in sight. */
  get seen(): [number, number] {
    const { top, bottom } = this.scroller.getBoundingClientRect();
    let first = -1;
    let last = -1;
    for (const [block, { element }] of [...this.drawn].sort(([a], [b]) => a - b)) {
      for (const [at, row] of [...element.children].entries()) {
        const box = row.getBoundingClientRect();
        if (box.bottom <= top || box.top >= bottom) continue;
        last = block * BLOCK + at;
        if (first < 0) first = last;
      }
    }
    return [Math.max(0, first), Math.max(0, last)];
  }

  /** The rows that are drawn, from one up to, without, the other. */
  get range(): [number, number] {
    const blocks = [...this.drawn.keys()];
    if (!blocks.length) return [0, 0];
    return [Math.min(...blocks) * BLOCK, Math.min(this.rows.size, (Math.max(...blocks) + 1) * BLOCK)];
  }

  private element(row: number): Element | undefined {
    return this.drawn.get(Math.floor(row / BLOCK))?.element.children[row % BLOCK];
  }

  private scrolled(): void {
    const by = this.scroller.scrollTop - this.top;
    if (by === 0) return;
    // The browser's own, because there is more or less room than before.
    if (this.isResized()) {
      this.resized();
      return;
    }
    this.top = this.scroller.scrollTop;
    if (Math.abs(by) > Math.max(1_500, 2 * this.sight.height)) this.jump();
    else this.place.offset += by;
    this.follow = false;
    this.draw();
    const left = this.height - this.position() - this.sight.height;
    this.follow = left < CLOSE && by > 0;
    const { scrollTop, scrollHeight } = this.scroller;
    const ends = scrollTop <= 0 || scrollTop >= scrollHeight - this.sight.height - 1;
    if (ends || this.position() <= 0 || left < CLOSE) this.settle();
    else this.hang();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.settle(), IDLE_MS);
    this.moved();
  }

  /** The reader has dragged the scrollbar: so far of the whole. */
  private jump(): void {
    const room = Math.max(1, this.space.offsetHeight - this.sight.height);
    this.put((Math.min(room, this.top) / room) * Math.max(0, this.height - this.sight.height));
  }

  private put(position: number): void {
    let block = 0;
    let rest = position;
    while (block < this.blocks - 1 && rest >= this.heightOf(block)) rest -= this.heightOf(block++);
    this.place = { block, offset: rest };
  }

  private isResized(): boolean {
    const { clientWidth, clientHeight } = this.scroller;
    return clientWidth !== this.sight.width || clientHeight !== this.sight.height;
  }

  private resized(): void {
    if (!this.isResized()) return;
    if (this.scroller.clientWidth !== this.sight.width) {
      this.heights = [];
      this.measured = { rows: 0, height: 0 };
    }
    this.settle();
    this.moved();
  }

  /** Draw, and put the scrollbar where the place is. */
  private settle(): void {
    clearTimeout(this.rest);
    this.sight = { width: this.scroller.clientWidth, height: this.scroller.clientHeight };
    this.draw();
    const room = Math.max(0, this.height - this.sight.height);
    const tall = Math.min(this.height, TALLEST);
    const height = `${Math.ceil(tall)}px`;
    if (this.space.style.height !== height) this.space.style.height = height;
    const part = room > 0 ? Math.min(1, this.position() / room) : 0;
    const top = this.follow ? tall : part * Math.max(0, tall - this.sight.height);
    if (Math.abs(this.scroller.scrollTop - top) >= 1) this.scroller.scrollTop = top;
    this.top = this.scroller.scrollTop;
    this.hang();
  }

  /** Draw the blocks around the place, and measure them, until the sight is full. */
  private draw(): void {
    for (let round = 0; round < 4; round++) {
      if (this.follow) this.place = { block: this.blocks - 1, offset: this.heightOf(this.blocks - 1) };
      this.clamp();
      let [first, last] = [this.place.block, this.place.block];
      for (let above = this.place.offset; first > 0 && above < MARGIN; ) above += this.heightOf(--first);
      let below = this.heightOf(last) - this.place.offset;
      while (last < this.blocks - 1 && below < this.sight.height + MARGIN) below += this.heightOf(++last);
      for (const [block, { element }] of this.drawn) {
        if (block >= first && block <= last && block < this.blocks) continue;
        element.remove();
        this.drawn.delete(block);
      }
      let behind: Element | null = null;
      for (let block = Math.min(last, this.blocks - 1); block >= first; block--) {
        const { element } = this.fill(block);
        if (element.nextElementSibling !== behind || !element.parentElement)
          this.pane.insertBefore(element, behind);
        behind = element;
      }
      if (!this.measure()) break;
    }
    this.clamp();
  }

  private fill(block: number): Block {
    let found = this.drawn.get(block);
    if (!found) {
      const element = document.createElement("div");
      element.className = "log-block";
      found = { element, keys: [] };
      this.drawn.set(block, found);
    }
    const { element, keys } = found;
    const size = this.rowsIn(block);
    const fresh: HTMLElement[] = [];
    for (let at = 0; at < size; at++) {
      const row = block * BLOCK + at;
      const key = this.rows.key(row);
      if (at < keys.length && keys[at] === key) continue;
      if (at < keys.length) element.children[at]?.replaceWith(this.rows.draw(row));
      else fresh.push(this.rows.draw(row));
      keys[at] = key;
    }
    if (fresh.length) element.append(...fresh);
    return found;
  }

  /** Whether any block is of another height than was thought. */
  private measure(): boolean {
    let changed = false;
    for (const [block, { element }] of this.drawn) {
      const { height } = element.getBoundingClientRect();
      // Not shown at all, or in a test.
      if (height === 0) continue;
      if (Math.abs(this.heightOf(block) - height) >= 1) changed = true;
      const rows = this.rowsIn(block);
      const before = this.heights[block];
      this.heights[block] = { rows, height };
      this.measured.rows += rows - (before?.rows ?? 0);
      this.measured.height += height - (before?.height ?? 0);
    }
    return changed;
  }

  /** The place, with its offset inside of its block, and not beyond the end. */
  private clamp(): void {
    const { place } = this;
    place.block = Math.max(0, Math.min(place.block, this.blocks - 1));
    while (place.offset < 0 && place.block > 0) place.offset += this.heightOf(--place.block);
    while (place.block < this.blocks - 1 && place.offset >= this.heightOf(place.block))
      place.offset -= this.heightOf(place.block++);
    let below = this.heightOf(place.block) - place.offset;
    for (let block = place.block + 1; block < this.blocks && below < this.sight.height; block++)
      below += this.heightOf(block);
    if (below < this.sight.height) {
      place.offset -= this.sight.height - below;
      while (place.offset < 0 && place.block > 0) place.offset += this.heightOf(--place.block);
    }
    place.offset = Math.max(0, place.offset);
  }

  /** Have what is drawn where the place is in sight. */
  private hang(): void {
    const first = Math.min(...this.drawn.keys());
    let above = this.place.offset;
    for (let block = first; block < this.place.block; block++) above += this.heightOf(block);
    const top = `${Math.round(this.top - above)}px`;
    if (this.drawn.size && this.pane.style.top !== top) this.pane.style.top = top;
  }

  private position(): number {
    let sum = this.place.offset;
    for (let block = 0; block < this.place.block; block++) sum += this.heightOf(block);
    return sum;
  }

  private get blocks(): number {
    return Math.ceil(this.rows.size / BLOCK);
  }

  private get guess(): number {
    return this.measured.rows > 0 ? this.measured.height / this.measured.rows : FIRST_GUESS;
  }

  private get height(): number {
    return this.measured.height + Math.max(0, this.rows.size - this.measured.rows) * this.guess;
  }

  private rowsIn(block: number): number {
    return Math.max(0, Math.min(BLOCK, this.rows.size - block * BLOCK));
  }

  private heightOf(block: number): number {
    const { rows, height } = this.heights[block] ?? { rows: 0, height: 0 };
    return height + (this.rowsIn(block) - rows) * this.guess;
  }
}
