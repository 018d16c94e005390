// After a gap: how many events came that the reader had missed.

import type { Cursor, Frame } from "./types";

/** So long after the last event that was missed, all of them have come. */
const SETTLED_MS = 600;

/**
 * Counts the events of one return. What happened before the connection was open again was missed, what came later
 * is live; the ticks tell how far the browser's clock is from the server's.
 */
export class CatchUp {
  private ahead = 0;
  private until = 0;
  private count = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `tell` gets the number, once for each return. */
  constructor(private readonly tell: (events: number) => void) {}

  tick(time: string): void {
    this.ahead = Date.parse(time) - Date.now() || 0;
  }

  /** The connection is open again. */
  begin(): void {
    this.stop();
    this.until = Date.now() + this.ahead;
  }

  /** A frame of a topic that went on from `cursor`. */
  take(frame: Frame, cursor: Cursor | null | undefined): void {
    if (this.until === 0) return;
    let missed = 0;
    if (frame.type === "events")
      missed = frame.events.filter(({ time }) => Date.parse(time) <= this.until).length;
    // The log no longer reaches back: its snapshot says how far it has come.
    else if (frame.type === "snapshot" && cursor?.epoch === frame.epoch)
      missed = Math.max(0, frame.seq - cursor.after);
    this.count += missed;
    if (missed === 0 && this.timer !== undefined) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { count } = this;
      this.stop();
      this.tell(count);
    }, SETTLED_MS);
  }

  /** The connection is gone again before all has come: the next return counts anew. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.until = 0;
    this.count = 0;
  }
}
