// PURE. How much longer a job will run, as a range: what its progress says, blended with how long its task usually
// takes. dashboard/eta.py reckons the same way and says why; tests/data/eta.json drives the tests of both. In seconds.

/** How long the last `n` runs took: one of ten less than `low`, half of them `middle`, one of ten more than `high`. */
export interface Usual {
  n: number;
  low: number;
  middle: number;
  high: number;
}

export interface Estimate {
  /** Seconds left, from and to; null where nothing is known. */
  left: Range | null;
  slow: boolean;
}

export type Range = readonly [low: number, high: number];
/** Seconds since the start, and units done by then. */
export type Sample = readonly [seconds: number, units: number];
export type Unit = "s" | "min" | "h" | "d";

const MANY = 10;
const LEAST_SHARE = 0.01;
const LEAST_SECONDS = 2;
const WINDOW = 10;
const WINDOW_SHARE = 0.1;
const MOST_APART = 4;
const WIDE = 8;
const KNOWN_SHARE = 0.1;
const LATE_SECONDS = 5;
const LATE_SHARE = 1.25;
/** Seconds in which a range follows what is newly reckoned: what a reader sees does not jump. */
const SLOWNESS = 8;

/** How many units a second the job does at present; null where its samples don't tell. */
export function rate(samples: Sample[], elapsed: number): number | null {
  let first = samples.length - 1;
  const window = Math.max(WINDOW, WINDOW_SHARE * elapsed);
  const at = (n: number): Sample => samples[n] as Sample;
  while (first > 0 && elapsed - at(first)[0] < window && at(first - 1)[1] <= at(first)[1]) first -= 1;
  if (first >= samples.length - 1 || first < 0 || elapsed - at(first)[0] < 1) return null;
  return (at(samples.length - 1)[1] - at(first)[1]) / (elapsed - at(first)[0]);
}

export function estimate(
  elapsed: number,
  current: number,
  total: number | null,
  pace: number | null,
  usual: Usual | null,
): Estimate {
  const share = total !== null && total > 0 ? Math.min(1, Math.max(0, current / total)) : 0;
  const own = byProgress(elapsed, current, total, pace, share);
  const others = byHistory(elapsed, usual, own === null);
  const slow = isSlow(elapsed, share >= KNOWN_SHARE ? own : null, usual);
  if (!own || !others || !usual || slow) return { left: own ?? others, slow };
  const weight = (1 - share) ** 4 * Math.min(1, usual.n / MANY);
  const blend = (ours: number, theirs: number) => weight * theirs + (1 - weight) * ours;
  return { left: [blend(own[0], others[0]), blend(own[1], others[1])], slow };
}

function byProgress(
  elapsed: number,
  current: number,
  total: number | null,
  pace: number | null,
  share: number,
): Range | null {
  if (total === null || share < LEAST_SHARE || share >= 1 || elapsed < LEAST_SECONDS) return null;
  const average = ((total - current) * elapsed) / current;
  let present = pace ? (total - current) / pace : average * (pace === null ? 1 : MOST_APART);
  present = Math.min(average * MOST_APART, Math.max(average / MOST_APART, present));
  const spread = 0.05 + 0.2 * (1 - share);
  return [Math.min(average, present) * (1 - spread), Math.max(average, present) * (1 + spread)];
}

function byHistory(elapsed: number, usual: Usual | null, alone: boolean): Range | null {
  if (!usual || elapsed >= usual.high) return null;
  if (alone && usual.high > WIDE * usual.low) return null;
  return [Math.max(0, usual.low - elapsed), usual.high - elapsed];
}

function isSlow(elapsed: number, own: Range | null, usual: Usual | null): boolean {
  if (!usual) return false;
  const late = Math.max(usual.high, usual.middle * LATE_SHARE, usual.middle + LATE_SECONDS);
  return (own ? elapsed + (own[0] + own[1]) / 2 : elapsed) > late;
}

/** The range to show `seconds` after `before` was shown, where `now` is what is reckoned: nearer to it, not there. */
export function steady(before: Range | null, now: Range, seconds: number): Range {
  if (!before) return now;
  const part = 1 - Math.exp(-seconds / SLOWNESS);
  const to = (was: number, is: number) => Math.max(0, was - seconds + part * (is - was + seconds));
  return [to(before[0], now[0]), to(before[1], now[1])];
}

/** A range as people say it: two whole numbers and their unit. [0, 0, "s"]: hardly anything. */
export function spanOf([low, high]: Range): [number, number, Unit] {
  if (high < 10) return [0, 0, "s"];
  if (high <= 90) return rounded(low, high, high > 30 ? 10 : 5, "s");
  if (high <= 5_400) return rounded(low / 60, high / 60, high > 900 ? 5 : 1, "min");
  if (high <= 172_800) return rounded(low / 3_600, high / 3_600, 1, "h");
  return rounded(low / 86_400, high / 86_400, 1, "d");
}

const rounded = (low: number, high: number, step: number, unit: Unit): [number, number, Unit] => [
  Math.floor(low / step) * step,
  Math.ceil(high / step) * step,
  unit,
];
