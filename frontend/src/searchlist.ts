// PURE. The rows of the list of jobs: what comes waits where it would move what the reader looks at.

import { fits, type Spec } from "./fits";
import { isNewer, JobList, type JobsChange, newestFirst, type View } from "./joblist";
import type { Job } from "./types";

/** What waits at most: of more than that the first are found by reading on. */
export const MOST_HELD = 1000;

export class SearchList extends JobList {
  /** New jobs that fit, which the reader has not let in yet. */
  readonly held = new Map<string, Job>();
  /** Whether rows have to stay where they are. */
  isHolding = false;
  /** Grows whenever a row comes or goes. */
  version = 0;
  /** Rows whose job is in another state than was asked for: they go when rows may move. */
  private readonly gone = new Set<string>();
  private size: number;

  constructor(
    view: View,
    rows: Job[],
    private readonly spec: Spec | null,
    /** The cursor of the jobs after the last row; empty: there are none. */
    public next: string,
    private readonly order = "newest",
  ) {
    super(view, rows);
    this.size = Math.max(view.limit, rows.length);
  }

  override take({ jobs, removed }: JobsChange): boolean {
    const known = new Map(this.rows.map((job) => [job.id, job]));
    const { version } = this;
    let changed = false;
    for (const id of removed) {
      this.held.delete(id);
      if (known.delete(id)) this.version += 1;
    }
    for (const job of jobs) {
      const old = known.get(job.id) ?? this.held.get(job.id);
      if (old && !isNewer(job, old)) continue;
      if (known.has(job.id)) {
        known.set(job.id, job);
        if (this.isInState(job)) this.gone.delete(job.id);
        else this.gone.add(job.id);
      } else if (this.belongs(job)) this.hold(job);
      else if (!this.held.delete(job.id)) continue;
      changed = true;
    }
    this.rows = [...known.values()];
    if (!this.isHolding) this.admit();
    return changed || version !== this.version;
  }

  private hold(job: Job): void {
    this.held.set(job.id, job);
    if (this.held.size > MOST_HELD) this.held.delete(this.held.keys().next().value as string);
  }

  /** Let in what waits, and let go of what is in another state by now. */
  admit(): void {
    if (this.held.size === 0 && this.gone.size === 0) return;
    this.rows = this.rows.filter((job) => !this.gone.has(job.id));
    this.gone.clear();
    if (this.held.size > 0) this.rows = [...this.rows, ...this.held.values()].sort(newestFirst);
    this.held.clear();
    this.version += 1;
    if (this.rows.length <= this.size || this.view.fixed) return;
    this.rows = this.rows.slice(0, this.size);
    this.next = cursorOf(this.rows.at(-1) as Job);
  }

  /** The page that comes after the last row. */
  append(jobs: Job[], next: string): void {
    const known = new Set(this.rows.map((job) => job.id));
    this.rows = [...this.rows, ...jobs.filter((job) => !known.has(job.id))];
    for (const job of jobs) this.held.delete(job.id);
    const order = ORDERS[this.order];
    if (order) this.rows.sort(order);
    this.size = Math.max(this.size, this.rows.length);
    this.next = next;
    this.version += 1;
  }

  private belongs(job: Job): boolean {
    if (this.view.fixed || !this.shows(job) || (this.spec && !fits(job, this.spec))) return false;
    const last = this.rows.at(-1);
    return !this.next || !last || newestFirst(job, last) < 0;
  }

  private isInState({ state }: Job): boolean {
    const { states } = this.view;
    return states.length === 0 || states.includes(state);
  }
}

/** Orders that no index has: dashboard/search/ordered.py. */
const ORDERS: Record<string, (a: Job, b: Job) => number> = {
  finished: (a, b) => compare(b.finished_at ?? "", a.finished_at ?? ""),
  longest: (a, b) => seconds(b) - seconds(a),
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const seconds = ({ started_at, finished_at }: Job): number =>
  started_at ? (finished_at ? Date.parse(finished_at) : Date.now()) - Date.parse(started_at) : -1;

/** Where the list goes on after this job, as dashboard/listing.py writes it: µs since 1970, and the id. */
export function cursorOf({ created_at, id }: Job): string {
  const at = created_at ?? "";
  const micros = (/\.(\d+)/.exec(at)?.[1] ?? "").padEnd(6, "0").slice(3, 6);
  return `${BigInt(Date.parse(at)) * 1000n + BigInt(micros)}.${id.replaceAll("-", "")}`;
}
