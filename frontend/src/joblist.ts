// PURE. The rows of one list of jobs, newest or oldest first.

import { isFinal, type Job } from "./types";

/** Which jobs a list shows; an empty word or list lets all through. */
export interface View {
  states: string[];
  tasks: string[];
  owner: string;
  /** Only the children of this job; empty: all. */
  parent: string;
  limit: number;
  oldest: boolean;
  fixed: boolean;
}

export interface JobsChange {
  jobs: Job[];
  removed: string[];
}

export class JobList {
  rows: Job[];

  constructor(
    protected readonly view: View,
    rows: Job[],
  ) {
    this.rows = rows;
  }

  /** Take in what changed; says whether a row did. */
  take({ jobs, removed }: JobsChange): boolean {
    const known = new Map(this.rows.map((job) => [job.id, job]));
    let changed = false;
    for (const id of removed) changed = known.delete(id) || changed;
    for (const job of jobs) {
      const old = known.get(job.id);
      if (old && !isNewer(job, old)) continue;
      const shown = this.shows(job);
      if (shown && (old || !this.view.fixed)) known.set(job.id, job);
      else if (!known.delete(job.id)) continue;
      changed = true;
    }
    if (!changed) return false;
    this.rows = [...known.values()].sort(this.view.oldest ? (a, b) => newestFirst(b, a) : newestFirst);
    if (!this.view.fixed) this.rows = this.rows.slice(0, this.view.limit);
    return true;
  }

  unfinished(): string[] {
    return this.rows.filter((job) => !isFinal(job.state)).map((job) => job.id);
  }

  protected shows(job: Job): boolean {
    const { states, tasks, owner, parent } = this.view;
    if (parent && job.parent !== parent) return false;
    if (states.length && !states.includes(job.state)) return false;
    return (!tasks.length || tasks.includes(job.task)) && (!owner || job.owner === owner);
  }
}

/** The page may be ahead of the rows that the list is fed from; nothing leaves a final state. */
export function isNewer(job: Job, old: Job): boolean {
  return job.seq > old.seq || (isFinal(job.state) && !isFinal(old.state));
}

export function newestFirst(a: Job, b: Job): number {
  const [x, y] = [a.created_at ?? "", b.created_at ?? ""];
  return x < y ? 1 : x > y ? -1 : a.id < b.id ? 1 : -1;
}
