// PURE. A job's way from its launch to its end, as phases that follow each other; dashboard/timeline.py says it the same
// way, and tests/data/timeline.json drives the tests of both.

import { isFinal, type Job, type JobEvent, type State } from "./types";

/** When the job came into a state; "" stands for moments that are not shown. */
export interface Moment {
  time: string;
  state: State | "";
  attempt: number;
  reason: string | null;
}

export interface Phase extends Omit<Moment, "time"> {
  start: string;
  /** Null while it lasts, and for the end of the job. */
  end: string | null;
}

/** The moments with what `event` tells. */
export function after(known: Moment[], { time, set }: JobEvent): Moment[] {
  if (!set?.state) return known;
  const attempt = set.attempt ?? known.at(-1)?.attempt ?? 0;
  return [...known, { time, state: set.state, attempt, reason: set.reason ?? null }];
}

export function phases(job: Job, known: Moment[]): Phase[] {
  const way = merged([...begin(job, known), ...known]);
  const last = way.at(-1);
  if (last && last.state !== job.state) {
    const time = isFinal(job.state) ? job.finished_at : job.state === "started" ? job.started_at : null;
    if (time) way.push({ time, state: job.state, attempt: job.attempt, reason: job.reason });
  }
  return way.map(({ time, ...moment }, n) => ({ ...moment, start: time, end: way[n + 1]?.time ?? null }));
}

function begin(job: Job, known: Moment[]): Moment[] {
  const first = known[0]?.state;
  if (first === "scheduled" || first === "queued") return [];
  const found: Moment[] = [];
  if (job.created_at) found.push({ time: job.created_at, state: "queued", attempt: 0, reason: null });
  if (job.started_at && !known.length)
    found.push({ time: job.started_at, state: "started", attempt: job.attempt, reason: null });
  return found;
}

/** Waiting that is told anew is one waiting. */
function merged(way: Moment[]): Moment[] {
  const found: Moment[] = [];
  for (const moment of way) {
    const last = found.at(-1);
    if (last && last.state === moment.state && moment.state !== "started")
      found[found.length - 1] = { ...last, reason: moment.reason ?? last.reason };
    else found.push(moment);
  }
  return found;
}

export interface Part {
  state: State | "";
  x: string;
  width: string;
}

/** The pieces of the bar, in percent of the time from the launch to the end, or to `now`. */
export function parts(way: Phase[], now: number): Part[] {
  const begin = Date.parse(way[0]?.start ?? "");
  const until = (phase: Phase) =>
    phase.end ? Date.parse(phase.end) : isFinal(phase.state) ? Date.parse(phase.start) : now;
  const whole = Math.max(1, ...way.map((phase) => until(phase) - begin));
  const share = (ms: number) => ((100 * Math.max(0, ms)) / whole).toFixed(2);
  return way
    .filter((phase) => !isFinal(phase.state))
    .map((phase) => ({
      state: phase.state,
      x: share(Date.parse(phase.start) - begin),
      width: share(until(phase) - Date.parse(phase.start)),
    }));
}
