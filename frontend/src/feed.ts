// One job, live: the replica (pure), the socket and the API brought together.

import { ApiError, getJob, getLines } from "./api";
import type { Sample, Usual } from "./eta";
import { later } from "./later";
import { Pace } from "./pace";
import type { Socket } from "./socket";
import { Replica } from "./store";
import { after, type Moment } from "./timeline";
import type { Frame, Job, JobEvent } from "./types";

export interface PageJob {
  job: Job;
  epoch: number;
  seq: number;
  events: JobEvent[];
  usual?: Usual | null;
  samples?: Sample[];
  /** How many lines the log has; null where that is not known. */
  lines?: number | null;
  moments?: Moment[];
}

const PAUSE_MS = 1_000;
/** A second try at a gap, should the answer to the first have been lost. */
const ASK_AGAIN_MS = 5_000;

export class JobFeed {
  readonly replica = new Replica();
  /** The job does not exist, or the reader may not see it (any more). */
  missing = false;
  pace = new Pace();
  moments: Moment[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly notify = later(() => {
    for (const listener of this.listeners) listener();
  });
  private unfollow: (() => void) | null = null;
  private askedAt = 0;
  private counting = false;
  private whole: Job | null = null;
  /** The last change of a value too long for its frame. */
  private cutAt = 0;
  private fetching = false;

  constructor(
    readonly id: string,
    private readonly socket: Socket,
  ) {}

  /** What the server wrote into the page; before anything is listened for. */
  start(page: PageJob): void {
    if (this.replica.job !== null) return;
    this.replica.start(page.job, page.epoch, page.events, page.lines ?? null);
    this.pace = new Pace(page.usual, page.samples);
    this.moments = page.moments ?? [];
  }

  /** Call `listener` after changes, at most once a frame, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    this.unfollow ??= this.socket.follow({
      name: `job:${this.id}`,
      cursor: () => this.replica.cursor,
      frame: (frame) => this.receive(frame),
    });
    void this.count();
    void this.complete();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      this.unfollow?.();
      this.unfollow = null;
    };
  }

  /** The job as far as it is known, with values too long for a frame as the API last gave them. */
  get job(): Job | null {
    const { job } = this.replica;
    if (!job?.truncated || !this.whole) return job;
    const shown: Job = { ...job };
    for (const field of job.truncated) if (job[field as keyof Job] === null) copy(this.whole, shown, field);
    return shown;
  }

  private receive(frame: Frame): void {
    // What is no id at all (`bad_request`) is no job either.
    if (frame.type === "error") this.missing = frame.code === "not_found" || frame.code === "bad_request";
    else if (frame.type === "snapshot") {
      this.missing = false;
      this.replica.snapshot(frame.epoch, frame.job);
      this.cutAt = frame.seq;
      this.whole = null;
      this.askedAt = 0;
    } else if (frame.type === "events") {
      const seen = this.replica.job?.seq ?? 0;
      const outcome = this.replica.events(frame.epoch, frame.events);
      const upto = this.replica.job?.seq ?? 0;
      for (const event of frame.events)
        if (event.seq > seen && event.seq <= upto) this.moments = after(this.moments, event);
      if (outcome === "gap") this.ask();
      else this.askedAt = 0;
      for (const event of frame.events) if (this.isCut(event)) this.cutAt = event.seq;
    }
    this.notify();
    void this.count();
    void this.complete();
  }

  /** Subscribe again from the cursor; frames that were already on their way don't make us ask twice. */
  private ask(): void {
    if (Date.now() - this.askedAt < ASK_AGAIN_MS) return;
    this.askedAt = Date.now();
    this.socket.again(`job:${this.id}`);
  }

  /**
   * Fetch `count` lines from a number on, of `level` or graver; whether the server has answered. Where it is away, only
   * after a pause.
   */
  async fetch(from: number, count: number, level = ""): Promise<boolean> {
    const { log } = this.replica;
    const { generation } = log;
    const page = await getLines(this.id, from, count, level).catch(refusal);
    // What the API refuses is not asked for again.
    if (page instanceof ApiError) return true;
    if (page && generation === log.generation) {
      log.count(page.seq, page.total);
      log.put(page.lines);
      this.notify();
    }
    if (!page || log.total === null) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    return page !== null;
  }

  /** Ask how many lines the log has, until that is known. */
  private async count(): Promise<void> {
    if (this.counting) return;
    this.counting = true;
    try {
      while (this.replica.job && this.replica.log.total === null && this.listeners.size > 0 && !this.missing)
        await this.fetch(1, 0);
    } finally {
      this.counting = false;
    }
  }

  private isCut(event: JobEvent): boolean {
    const fields = this.replica.job?.truncated ?? [];
    return fields.some((field) => event.set?.[field as keyof Job] === null);
  }

  /** Fetch what frames had to leave out, at most once a second, until nothing newer was left out. */
  private async complete(): Promise<void> {
    if (this.fetching) return;
    this.fetching = true;
    try {
      while (this.lacks() && this.listeners.size > 0) {
        const answer = await getJob(this.id).catch(refusal);
        if (answer instanceof ApiError) break;
        if (answer) {
          this.whole = answer;
          this.notify();
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } finally {
      this.fetching = false;
    }
  }

  private lacks(): boolean {
    const { job } = this.replica;
    if (!job?.truncated?.some((field) => job[field as keyof Job] === null)) return false;
    return this.whole === null || this.whole.seq < this.cutAt;
  }
}

function copy(from: Job, to: Job, field: string): void {
  (to as unknown as Record<string, unknown>)[field] = from[field as keyof Job];
}

/** What the API refuses stays refused; a network that is away is tried again. */
function refusal(error: unknown): ApiError | null {
  return error instanceof ApiError && error.status < 500 ? error : null;
}
