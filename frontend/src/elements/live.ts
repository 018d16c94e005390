import { isRefused, refresh } from "../fragment";
import { define } from "./piece";

const PAUSE_MS = 3_000;

/** A piece of a page that the server writes anew every few seconds, while somebody sees it. */
export class LiveElement extends HTMLElement {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking = false;
  private readonly seen = () => void this.look();

  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.seen);
    this.plan();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.seen);
    clearTimeout(this.timer);
  }

  private plan(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), PAUSE_MS);
  }

  private async look(): Promise<void> {
    if (document.hidden || this.asking || !this.isConnected) return;
    this.asking = true;
    try {
      await refresh(this, this.getAttribute("src") ?? "");
      this.removeAttribute("stale");
    } catch (error) {
      // What is shown stays, and does not look as if it were fresh.
      this.setAttribute("stale", "");
      if (isRefused(error)) return;
    } finally {
      this.asking = false;
    }
    this.plan();
  }
}

define("taskcast-live", LiveElement);
