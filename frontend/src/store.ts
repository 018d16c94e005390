// PURE. The browser's copy of one job: a snapshot and the events after it, folded as tasks/events.py folds them.
// The same recorded events (tests/data/recorded_events.json) drive the tests of both.

import { LogBook } from "./logbook";
import type { Cursor, Job, JobEvent } from "./types";

/** A job of which nothing is known yet; every event comes after it. */
export function blankJob(id: string): Job {
  return {
    id,
    task: "",
    args: {},
    state: "queued",
    reason: null,
    cancel: null,
    owner: null,
    created_at: null,
    started_at: null,
    finished_at: null,
    progress: null,
    result: null,
    error: null,
    outputs: [],
    worker: null,
    attempt: 0,
    parent: null,
    root: null,
    group: null,
    row: null,
    retry_of: null,
    children: null,
    seq: 0,
  };
}

/** The job after the event: a merge of its `set` and of its `seq`; an event already seen changes nothing. */
export function fold(job: Job, event: JobEvent): Job {
  if (event.seq <= job.seq) return job;
  const folded: Job = { ...job, ...event.set, seq: event.seq };
  if (folded.truncated && folded.truncated.length === 0) delete folded.truncated;
  return folded;
}

/** What became of a frame: `gap` means that something is missing, and the caller must subscribe again. */
export type Outcome = "applied" | "nothing" | "gap";

export class Replica {
  job: Job | null = null;
  epoch: number | null = null;
  readonly log = new LogBook();

  /** Where to go on from, or null while nothing is known. */
  get cursor(): Cursor | null {
    return this.job === null || this.epoch === null ? null : { after: this.job.seq, epoch: this.epoch };
  }

  /**
   * Start from what the server wrote into the page: the job at its `seq`, the last events up to it, and how many lines
   * its log has by then.
   */
  start(job: Job, epoch: number, events: JobEvent[], lines: number | null = null): void {
    this.job = job;
    this.epoch = epoch;
    this.log.begin(job.seq, lines, events);
  }

  /**
   * The state at `job.seq`. In the same epoch the log merely jumps, and how many lines it has is asked for; another
   * epoch numbers its events anew, so every line has to be read again.
   */
  snapshot(epoch: number, job: Job): Outcome {
    if (epoch === this.epoch && this.job !== null && job.seq < this.job.seq) return "nothing";
    if (epoch === this.epoch) this.log.jump(job.seq);
    else this.log.begin(job.seq, null, []);
    this.job = job;
    this.epoch = epoch;
    return "applied";
  }

  /** Events in order. Those already seen are passed over; nothing after a gap is applied. */
  events(epoch: number, events: JobEvent[]): Outcome {
    if (this.job === null || epoch !== this.epoch) return "gap";
    let job = this.job;
    let outcome: Outcome = "nothing";
    for (const event of events) {
      if (event.seq <= job.seq) continue;
      if (event.seq !== job.seq + 1) {
        outcome = "gap";
        break;
      }
      job = fold(job, event);
      this.log.append(event);
      outcome = "applied";
    }
    this.job = job;
    return outcome;
  }
}
