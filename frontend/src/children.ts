// The first children of a job, as fresh as what the job itself says of them.

import { ApiError, getChildren } from "./api";
import type { JobFeed } from "./feed";
import type { Job } from "./types";

/** One look for all that moves in the meantime; the rows of new jobs are written a moment after they are known. */
const PAUSE_MS = 500;

export class Children {
  /** The counts that the rows are not older than. */
  private known = "null";
  private looking = false;

  /** `take` is given the first `limit` children; `wants` says whether they can still be others than those it has. */
  constructor(
    private readonly feed: JobFeed,
    private readonly limit: number,
    private readonly take: (jobs: Job[]) => void,
    private readonly wants: () => boolean,
  ) {}

  /** How many children the job has. */
  get total(): number {
    return Object.values(this.feed.job?.children ?? {}).reduce((sum, n) => sum + n, 0);
  }

  /** Fetch them once more where the job says that they have moved, until nothing newer is said. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      while (this.counts() !== this.known && this.wants()) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
        const counts = this.counts();
        const answer = await getChildren(this.feed.id, this.limit).catch((error: unknown) => error);
        if (answer instanceof ApiError && answer.status < 500) break;
        if (!Array.isArray(answer)) continue; // the network or the server is away: again
        this.known = counts;
        this.take(answer);
      }
    } finally {
      this.looking = false;
    }
  }

  private counts(): string {
    return JSON.stringify(this.feed.job?.children ?? null);
  }
}
