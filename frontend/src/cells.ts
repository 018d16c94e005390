// PURE. The children of a job as the cells of a map: which there are, in which state, and where each stands.

import { isFinal, type Job, type State } from "./types";

/** In the order of the server's digits: `STATES` of tasks/events.py. */
export const STATES: State[] = [
  "scheduled",
  "queued",
  "started",
  "retrying",
  "succeeded",
  "failed",
  "cancelled",
  "lost",
];
const MOST = 10_000;
const DIGITS = 32;

/** What the server says of all children, or of those that have changed: see dashboard/family.py. */
export interface Told {
  change: number;
  whole: boolean;
  ids: string;
  states: string;
  rows: (number | null)[] | null;
  shares: Record<string, number>;
}

export interface Cell {
  id: string;
  state: State;
  row: number | null;
  /** How far it is, from 0 to 1; null where nobody knows. */
  share: number | null;
}

export class Cells {
  list: Cell[] = [];
  /** Up to which change of rows this is complete; null before anything is known. */
  change: number | null = null;
  private places = new Map<string, number>();

  /** Take in what the server says; returns the places that have changed, or "all". */
  take(told: Told): number[] | "all" {
    const all = told.whole || this.change === null;
    if (all) {
      this.list = [];
      this.places = new Map();
    }
    this.change = told.change;
    const moved: number[] = [];
    for (let at = 0; at < told.states.length; at++) {
      const state = STATES[Number(told.states[at])] ?? "queued";
      const id = uuid(told.ids.slice(at * DIGITS, (at + 1) * DIGITS));
      moved.push(...this.put(id, state, told.rows?.[at] ?? null, told.shares[at] ?? null));
    }
    return all ? "all" : moved;
  }

  /** Take in jobs that the socket tells of; those of `parent` are meant. */
  hear(jobs: Job[], parent: string): number[] {
    return jobs
      .filter((job) => job.parent === parent)
      .flatMap((job) => {
        const total = job.progress?.total ?? 0;
        const share = total > 0 ? Math.min(1, (job.progress?.current ?? 0) / total) : null;
        return this.put(job.id, job.state, job.row, share);
      });
  }

  at(id: string): number | undefined {
    return this.places.get(id);
  }

  counts(): Record<string, number> {
    const found: Record<string, number> = {};
    for (const { state } of this.list) found[state] = (found[state] ?? 0) + 1;
    return found;
  }

  private put(id: string, state: State, row: number | null, share: number | null): number[] {
    const place = this.places.get(id);
    const old = place === undefined ? undefined : this.list[place];
    if (old && place !== undefined) {
      // What is told may be older than what was heard; nothing leaves a final state.
      if (isFinal(old.state) || (old.state === state && old.share === share)) return [];
      this.list[place] = {
        id,
        state,
        row: old.row,
        share: share ?? (state === "started" ? old.share : null),
      };
      return [place];
    }
    if (this.list.length >= MOST) return [];
    this.places.set(id, this.list.length);
    this.list.push({ id, state, row, share });
    return [this.list.length - 1];
  }
}

const uuid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

/** Where cells stand: `cell` device pixels each way, `columns` of them in a row. */
export interface Grid {
  cell: number;
  columns: number;
  rows: number;
}

/** CSS pixels of a cell, its gap included. */
const SMALLEST = 8;
const LARGEST = 28;

/** The largest cells with which `count` of them fit a box (CSS pixels); where the smallest do not, the box scrolls. */
export function grid(count: number, width: number, height: number, ratio: number): Grid {
  for (let size = LARGEST; ; size--) {
    const cell = Math.max(1, Math.floor(size * ratio));
    const columns = Math.max(1, Math.floor((width * ratio) / cell));
    const rows = Math.ceil(count / columns);
    if (size <= SMALLEST || rows * cell <= height * ratio) return { cell, columns, rows };
  }
}

/** The place that a key leads to from `at`; null for a key that leads nowhere. `page` is the rows that can be seen. */
export function step(key: string, at: number, count: number, columns: number, page: number): number | null {
  const steps: Record<string, number> = {
    ArrowRight: at + 1,
    ArrowLeft: at - 1,
    ArrowDown: at + columns < count ? at + columns : at,
    ArrowUp: at - columns >= 0 ? at - columns : at,
    PageDown: at + columns * page,
    PageUp: at - columns * page,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? null : Math.max(0, Math.min(count - 1, to));
}
