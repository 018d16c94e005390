// PURE. The lines of one job's log by their numbers: those at its end, and those around what is looked at. All others
// are on the server, and are fetched again where they are wanted.

import type { JobEvent, LogLine } from "./types";

export interface Line extends LogLine {
  number: number;
}

/** Lines that are kept; and of those how many at the end, and on both sides of what is looked at. */
const KEPT = 12_000;
const NEAR = 3_000;
/** Events that wait for their numbers. */
const WAITING = 5_000;

export class LogBook {
  private readonly lines = new Map<number, Line>();
  /** How many lines the log has; null while that has to be asked for. */
  total: number | null = null;
  /** Raised whenever the log begins anew. */
  generation = 0;
  private counted = 0;
  private last = 0;
  private waiting: JobEvent[] = [];

  /** The log up to the event `seq` has `total` lines; `events` are the last ones. */
  begin(seq: number, total: number | null, events: JobEvent[]): void {
    this.lines.clear();
    this.generation += 1;
    this.last = this.counted = seq;
    this.waiting = [];
    this.total = total === null ? null : total - events.reduce((sum, event) => sum + count(event), 0);
    if (total === null) return;
    for (const event of events) this.add(event);
  }

  /** The reader was carried on to `seq` without the events in between: nobody knows how many lines they have. */
  jump(seq: number): void {
    if (seq <= this.last) return;
    this.last = this.counted = seq;
    this.total = null;
    this.waiting = [];
  }

  append(event: JobEvent): void {
    this.last = event.seq;
    if (count(event) === 0) return;
    if (this.total === null) this.wait(event);
    else if (event.seq > this.counted) this.add(event);
  }

  /** The server says: up to the event `seq` there are `total` lines. */
  count(seq: number, total: number): void {
    if (this.total !== null || seq < this.counted) return;
    this.total = total;
    // Where it is ahead of us, what is on its way to us is counted already.
    this.counted = seq;
    for (const event of this.waiting) if (event.seq > seq) this.add(event);
    this.waiting = [];
  }

  get(number: number): Line | undefined {
    return this.lines.get(number);
  }

  /** Lines that were fetched. */
  put(lines: Line[]): void {
    for (const line of lines) if (!this.lines.has(line.number)) this.lines.set(line.number, line);
  }

  /** Let go what is far from the lines `from` to `to`, which are looked at, and from the end. */
  forget(from: number, to: number): void {
    if (this.lines.size <= KEPT) return;
    const end = (this.total ?? 0) - NEAR;
    for (const number of this.lines.keys())
      if (number < end && (number < from - NEAR || number > to + NEAR)) this.lines.delete(number);
  }

  private wait(event: JobEvent): void {
    this.waiting.push(event);
    if (this.waiting.length <= WAITING) return;
    this.waiting = [];
    this.counted = event.seq;
  }

  private add(event: JobEvent): void {
    let number = this.total as number;
    for (const line of shown(event)) {
      number += 1;
      this.lines.set(number, { ...line, number });
    }
    this.total = (this.total as number) + count(event);
  }
}

/** Lines that were too long for a frame are `lost` in it: a note stands there in their place. */
const shown = ({ lines = [], lost }: JobEvent): LogLine[] => (lost ? lines.slice(0, -1) : lines);
const count = (event: JobEvent): number => shown(event).length + (event.lost ?? 0);
