// PURE. The lines of one job's log, in the order of their events, and which of them have still to be fetched.

import type { JobEvent, LogLine } from "./types";

export interface Line extends LogLine {
  seq: number;
}

/** Events with `after < seq <= upto` whose lines are not here yet. */
export interface Gap {
  after: number;
  upto: number;
}

export class LogBook {
  lines: Line[] = [];
  gaps: Gap[] = [];
  /** Raised whenever lines changed elsewhere than at the end, so that a view knows to draw anew. */
  generation = 0;
  private last = 0;

  /** Everything up to `seq` is missing, but for `events`, which end there. */
  begin(seq: number, events: JobEvent[]): void {
    const first = events[0]?.seq ?? seq + 1;
    this.lines = events.flatMap(linesOf);
    this.gaps = first > 1 ? [{ after: 0, upto: first - 1 }] : [];
    this.last = seq;
    this.generation += 1;
  }

  /** The reader was carried on to `seq` without the events in between. */
  jump(seq: number): void {
    if (seq <= this.last) return;
    const gap = this.gaps.at(-1);
    if (gap && gap.upto === this.last) gap.upto = seq;
    else this.gaps.push({ after: this.last, upto: seq });
    this.last = seq;
  }

  append(event: JobEvent): void {
    this.last = event.seq;
    if (event.lines) this.lines.push(...linesOf(event));
  }

  /**
   * Put fetched events, which follow `gap.after`, into the gap; what lies outside it is known already.
   * `complete` says that nothing more of this gap is to be had.
   */
  fill(gap: Gap, events: JobEvent[], complete: boolean): void {
    const inside = events.filter((event) => event.seq > gap.after && event.seq <= gap.upto);
    const fetched = inside.flatMap(linesOf);
    if (fetched.length) {
      const at = this.indexAfter(gap.after);
      this.lines = [...this.lines.slice(0, at), ...fetched, ...this.lines.slice(at)];
      this.generation += 1;
    }
    gap.after = Math.max(gap.after, events.at(-1)?.seq ?? gap.after);
    if (complete || gap.after >= gap.upto) this.gaps = this.gaps.filter((other) => other !== gap);
  }

  /** Index of the first line of an event after `seq`. */
  private indexAfter(seq: number): number {
    let low = 0;
    let high = this.lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.lines[middle] as Line).seq <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function linesOf(event: JobEvent): Line[] {
  return (event.lines ?? []).map((line) => ({ ...line, seq: event.seq }));
}
