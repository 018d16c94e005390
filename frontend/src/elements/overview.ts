import { liveJobs } from "../livejobs";
import type { Plot } from "../plotdata";
import type { State } from "../types";
import { define } from "./piece";

interface Fresh {
  /** Pieces of the page, by the name of their place. */
  parts: Record<string, string>;
  plots: Record<string, Plot>;
  new: boolean;
}

/** A change is looked after soon, but not more often than this; and the charts move on while nothing changes. */
const [SOON_MS, PAUSE_MS, MOVE_ON_MS] = [1_000, 10_000, 60_000];
/** What changed before the socket was there is looked after once, so long after the page came. */
const FIRST_MS = 3_000;
const MOST_STATES = 5_000;

/**
 * The overview: its numbers, reasons and charts are asked for anew when a job has changed its state, from `src`. The
 * lists inside live by themselves. In a hidden tab nothing is asked.
 */
export class OverviewElement extends HTMLElement {
  private states = new Map<string, State>();
  private readonly written = new Map<string, string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = 0;
  private asked = 0;
  private unlisten: (() => void) | undefined;
  private readonly seen = () => document.hidden || this.plan(0);

  connectedCallback(): void {
    this.asked = Date.now() - PAUSE_MS + FIRST_MS;
    this.unlisten = liveJobs().listen(
      ({ jobs }) => {
        if (this.states.size > MOST_STATES) this.states = new Map();
        const changed = jobs.filter(({ id, state }) => this.states.get(id) !== state);
        for (const { id, state } of changed) this.states.set(id, state);
        if (changed.length) this.plan(Math.max(SOON_MS, this.asked + PAUSE_MS - Date.now()));
      },
      () => [],
    );
    document.addEventListener("visibilitychange", this.seen);
    this.plan(MOVE_ON_MS);
  }

  disconnectedCallback(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.unlisten?.();
    document.removeEventListener("visibilitychange", this.seen);
  }

  /** Ask in so many milliseconds, unless that is planned to be sooner. */
  private plan(milliseconds: number): void {
    const due = Date.now() + milliseconds;
    if (this.timer && due >= this.due) return;
    clearTimeout(this.timer);
    this.due = due;
    this.timer = setTimeout(() => void this.renew(), milliseconds);
  }

  private async renew(): Promise<void> {
    this.timer = undefined;
    if (document.hidden) return; // whoever comes back to the page has it asked
    this.asked = Date.now();
    try {
      const answer = await fetch(this.getAttribute("src") ?? "", { headers: { Accept: "application/json" } });
      if (answer.ok && !answer.redirected) this.show((await answer.json()) as Fresh);
    } catch {
      // Away; the next one will do.
    }
    if (this.isConnected) this.plan(MOVE_ON_MS);
  }

  private show(fresh: Fresh): void {
    for (const place of this.querySelectorAll<HTMLElement>("[data-part]"))
      this.put(place, fresh.parts[place.dataset.part ?? ""] ?? "");
    for (const [name, plot] of Object.entries(fresh.plots)) {
      const chart = this.querySelector<HTMLElement & { plot?: Plot }>(`[data="plot-${name}"]`);
      if (chart) chart.plot = plot;
    }
    const charts = this.querySelector<HTMLElement>(".charts");
    if (charts) charts.hidden = fresh.new;
  }

  /** Only what has changed, and without taking the focus from a link. */
  private put(place: HTMLElement, text: string): void {
    const name = place.dataset.part ?? "";
    if (this.written.get(name) === text) return;
    this.written.set(name, text);
    const focused = place.contains(document.activeElement)
      ? document.activeElement?.getAttribute("href")
      : null;
    place.innerHTML = text;
    if (focused) place.querySelector<HTMLElement>(`a[href="${CSS.escape(focused)}"]`)?.focus();
  }
}

define("taskcast-overview", OverviewElement);
