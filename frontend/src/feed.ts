// One job, live: the replica (pure), the socket and the API brought together.

import { ApiError, getEvents, getJob } from "./api";
import { later } from "./later";
import type { Socket } from "./socket";
import { Replica } from "./store";
import type { Frame, Job, JobEvent } from "./types";

export interface PageJob {
  job: Job;
  epoch: number;
  seq: number;
  events: JobEvent[];
}

const PAGE = 500;
const PAUSE_MS = 1_000;
/** A second try at a gap, should the answer to the first have been lost. */
const ASK_AGAIN_MS = 5_000;

export class JobFeed {
  readonly replica = new Replica();
  /** The job does not exist, or the reader may not see it (any more). */
  missing = false;
  private readonly listeners = new Set<() => void>();
  private readonly notify = later(() => {
    for (const listener of this.listeners) listener();
  });
  private unfollow: (() => void) | null = null;
  private askedAt = 0;
  private filling = false;
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
    this.replica.start(page.job, page.epoch, page.events);
  }

  /** Call `listener` after changes, at most once a frame, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    this.unfollow ??= this.socket.follow({
      name: `job:${this.id}`,
      cursor: () => this.replica.cursor,
      frame: (frame) => this.receive(frame),
    });
    void this.fill();
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
      const outcome = this.replica.events(frame.epoch, frame.events);
      if (outcome === "gap") this.ask();
      else this.askedAt = 0;
      for (const event of frame.events) if (this.isCut(event)) this.cutAt = event.seq;
    }
    this.notify();
    void this.fill();
    void this.complete();
  }

  /** Subscribe again from the cursor; frames that were already on their way don't make us ask twice. */
  private ask(): void {
    if (Date.now() - this.askedAt < ASK_AGAIN_MS) return;
    this.askedAt = Date.now();
    this.socket.again(`job:${this.id}`);
  }

  /** Fetch the lines that the log lacks, page by page, until it is complete. */
  private async fill(): Promise<void> {
    if (this.filling) return;
    this.filling = true;
    const { log } = this.replica;
    try {
      for (let gap = log.gaps[0]; gap && this.listeners.size > 0; gap = log.gaps[0]) {
        const epoch = this.replica.epoch;
        const page = await getEvents(this.id, gap.after, PAGE).catch(refusal);
        if (page instanceof ApiError) break;
        // Another epoch began meanwhile: these numbers are of the old one.
        if (epoch !== this.replica.epoch) continue;
        if (page && (page.events.length > 0 || page.seq >= gap.upto)) {
          log.fill(gap, page.events, page.events.length === 0);
          this.notify();
        } else await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    } finally {
      this.filling = false;
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
