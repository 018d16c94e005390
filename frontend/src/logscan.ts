// A search through a whole log, look by look, and on with what is said meanwhile.

import type { Hits } from "./api";
import { Runs } from "./logrows";

/** Between two looks at lines that came since the last. */
const PAUSE_MS = 500;

export class Scan {
  readonly runs = new Runs();
  /** Lines up to this number were looked at. */
  upto = 0;
  busy = false;
  failed = false;
  private due = 0;
  private ended = false;

  /** `ask` looks from a line on; `found` is called after each look. */
  constructor(
    private readonly ask: (from: number) => Promise<Hits>,
    private readonly found: (hits: Hits) => void,
  ) {}

  /** Look at all of `total` lines that were not looked at yet. */
  async more(total: number): Promise<void> {
    if (this.busy || this.ended || this.upto >= total || Date.now() < this.due) return;
    this.busy = true;
    try {
      while (this.upto < total && !this.ended) {
        const hits = await this.ask(this.upto + 1);
        if (this.ended) return;
        for (const [first, last] of hits.runs) this.runs.add(first, last);
        this.upto = hits.next === null ? Math.max(hits.total, this.upto) : hits.next - 1;
        // It knows less than the socket has told: that is asked again.
        if (hits.next === null) total = Math.min(total, this.upto);
        this.failed = false;
        this.busy = this.upto < total;
        this.found(hits);
      }
    } catch {
      this.failed = true;
    } finally {
      this.busy = false;
      this.due = Date.now() + PAUSE_MS;
    }
  }

  stop(): void {
    this.ended = true;
  }
}
