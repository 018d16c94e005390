// PURE. How fast a job is, how long it will still run and whether that is usual, in words;
// dashboard/templatetags/taskcast_eta.py says it the same way.

import { estimate, type Range, rate, type Sample, spanOf, steady, type Unit, type Usual } from "./eta";
import { count, span } from "./format";
import { t } from "./i18n";
import { isSummary } from "./steps";
import { isFinal, type Job } from "./types";

export interface PaceWords {
  left: string;
  rate: string;
  usually: string;
  slow: boolean;
}

const NONE: PaceWords = { left: "", rate: "", usually: "", slow: false };
/** Samples kept of the time that the present rate looks back. */
const KEPT = 50;

/** Follows one job: takes samples of its progress, and says what they tell, steadily. */
export class Pace {
  private samples: Sample[];
  private attempt = 0;
  private left: Range | null = null;
  private toldAt = 0;

  constructor(
    private readonly usual: Usual | null = null,
    samples: Sample[] = [],
  ) {
    this.samples = [...samples];
  }

  take(job: Job, now: number): void {
    const { started_at, progress } = job;
    if (job.attempt !== this.attempt) {
      if (this.attempt) this.samples = [];
      this.left = null;
      this.attempt = job.attempt;
    }
    if (!started_at || !progress || isSummary(progress)) return;
    const seconds = (now - Date.parse(started_at)) / 1000;
    const last = this.samples.at(-1);
    if (last && last[1] > progress.current) this.samples = [];
    const window = Math.max(10, seconds / 10);
    if (last && seconds - last[0] < window / KEPT) return;
    this.samples.push([seconds, progress.current]);
    while (this.samples.length > 2 * KEPT) this.samples.shift();
  }

  words(job: Job, now: number): PaceWords {
    if (!job.started_at || ["scheduled", "queued", "retrying"].includes(job.state)) return NONE;
    const over = isFinal(job.state);
    const until = job.finished_at ? Date.parse(job.finished_at) : now;
    const elapsed = Math.max(0, (until - Date.parse(job.started_at)) / 1000);
    const progress = job.progress && !isSummary(job.progress) ? job.progress : { current: 0, total: null };
    const { current, total } = progress;
    const pace = over ? null : rate([...this.samples, [elapsed, current]], elapsed);
    const found = estimate(elapsed, current, over ? null : total, pace, this.usual);
    this.left = found.left && steady(this.left, found.left, (now - this.toldAt) / 1000);
    this.toldAt = now;
    const average = current > 0 && elapsed >= 1 ? current / elapsed : null;
    return {
      left: this.left && !over && !job.cancel ? leftWords(this.left) : "",
      rate: rateWords(pace ?? average),
      usually:
        this.usual && (!over || job.state === "succeeded") ? usuallyWords(this.usual.middle, found.slow) : "",
      slow: found.slow,
    };
  }
}

/** `about 3 to 5 min left` */
export function leftWords(range: Range): string {
  const [low, high, unit] = spanOf(range);
  if (high === 0) return t("a few seconds left");
  const time = unitWords(unit, low > 0 && low < high ? t("{low} to {high}", { low, high }) : high);
  return low ? t("about {time} left", { time }) : t("at most {time} left", { time });
}

const UNITS: Record<Unit, string> = { s: "{n} s", min: "{n} min", h: "{n} h", d: "{n} d" };
const unitWords = (unit: Unit, n: string | number): string => t(UNITS[unit], { n });

/** `1,234/s`; what is slower, by the minute or hour. */
export function rateWords(perSecond: number | null): string {
  if (!perSecond || perSecond < 0) return "";
  const n = (value: number) => count(value >= 10 ? Math.round(value) : Math.round(value * 10) / 10);
  if (perSecond >= 1) return t("{n}/s", { n: n(perSecond) });
  if (perSecond * 60 >= 1) return t("{n}/min", { n: n(perSecond * 60) });
  return t("{n}/h", { n: n(perSecond * 3_600) });
}

/** `usually 2 min` */
export function usuallyWords(middle: number, slow: boolean): string {
  const time = roughly(middle);
  return slow ? t("slower than usual: usually {time}", { time }) : t("usually {time}", { time });
}

/** A length of time in one unit. */
export function roughly(seconds: number): string {
  if (seconds < 10) return span(seconds * 1000);
  if (seconds < 90) return unitWords("s", Math.round(seconds));
  if (seconds < 5_400) return unitWords("min", Math.round(seconds / 60));
  if (seconds < 172_800) return unitWords("h", Math.round(seconds / 3_600));
  return unitWords("d", Math.round(seconds / 86_400));
}
