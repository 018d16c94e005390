// PURE. Which of the reader's jobs have just ended.

import { isFinal, type Job } from "./types";

export class Ends {
  private readonly running = new Set<string>();
  private readonly told = new Set<string>();

  /** `since`: what ended before is old news, unless it was seen while it ran; in the server's milliseconds. */
  constructor(
    private readonly reader: string,
    private readonly since: number,
  ) {}

  /** The jobs among these that have ended since, each once. What a job sent off is told by its end. */
  take(jobs: Job[]): Job[] {
    return jobs.filter((job) => {
      if (job.owner !== this.reader || job.parent !== null) return false;
      if (!isFinal(job.state)) {
        this.running.add(job.id);
        return false;
      }
      const ran = this.running.delete(job.id);
      if (this.told.has(job.id) || !(ran || Date.parse(job.finished_at ?? "") > this.since)) return false;
      this.told.add(job.id);
      return true;
    });
  }

  unfinished(): string[] {
    return [...this.running];
  }
}
