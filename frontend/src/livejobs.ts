// The topic `jobs`, shared by every list of a page.

import { ApiError, getJob } from "./api";
import type { JobsChange } from "./joblist";
import { later } from "./later";
import { socket } from "./page";
import type { Socket } from "./socket";
import type { Frame, Job } from "./types";

/** After a (re)connect all that is new has come within this time. */
const SETTLED_MS = 3_000;
const MOST_LOOKS = 50;

type Listener = (change: JobsChange) => void;

export class LiveJobs {
  private readonly listeners = new Map<Listener, () => string[]>();
  private jobs = new Map<string, Job>();
  private removed = new Set<string>();
  private heard: Set<string> | null = null;
  private readonly deliver = later(() => {
    const change = { jobs: [...this.jobs.values()], removed: [...this.removed] };
    this.jobs = new Map();
    this.removed = new Set();
    for (const listener of this.listeners.keys()) listener(change);
  });

  constructor(private readonly socket: Socket) {
    socket.watch(({ connection }) => {
      if (connection !== "live") this.heard = null;
    });
  }

  /** `unfinished` names the jobs that the listener shows as unfinished. */
  listen(listener: Listener, unfinished: () => string[]): () => void {
    if (this.listeners.size === 0) {
      this.socket.follow({ name: "jobs", cursor: () => null, frame: (frame) => this.receive(frame) });
    }
    this.listeners.set(listener, unfinished);
    return () => this.listeners.delete(listener);
  }

  private receive(frame: Frame): void {
    if (frame.type !== "jobs") return;
    if (this.heard === null) {
      this.heard = new Set();
      setTimeout(() => void this.lookAfter(), SETTLED_MS);
    }
    for (const job of frame.jobs) {
      this.jobs.set(job.id, job);
      this.removed.delete(job.id);
      this.heard.add(job.id);
    }
    for (const id of frame.removed) {
      this.removed.add(id);
      this.jobs.delete(id);
    }
    this.deliver();
  }

  /**
   * The first answer names the newest jobs only. One that we show as running and that it did not name may have
   * ended while we were away: ask, or the page would say "running" for ever.
   */
  private async lookAfter(): Promise<void> {
    const doubtful = [...this.listeners.values()].flatMap((unfinished) => unfinished());
    const unheard = [...new Set(doubtful)].filter((id) => this.heard && !this.heard.has(id));
    for (const id of unheard.slice(0, MOST_LOOKS)) {
      try {
        this.jobs.set(id, await getJob(id));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) this.removed.add(id);
      }
      this.deliver();
    }
  }
}

let shared: LiveJobs | undefined;

export function liveJobs(): LiveJobs {
  shared ??= new LiveJobs(socket());
  return shared;
}
