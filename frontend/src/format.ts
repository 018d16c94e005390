// Times, spans, counts and sizes in text. dashboard/templatetags/taskcast.py writes them the same way, so that
// nothing moves when a script takes over what the server wrote.

import { language, t } from "./i18n";
import { write } from "./numbers";
import { reasonWords } from "./reasons";
import type { Job, JobError, Json, State } from "./types";

const STATE_WORDS: Record<State, string> = {
  scheduled: "Scheduled",
  queued: "Waiting",
  started: "Running",
  retrying: "Retrying",
  succeeded: "Succeeded",
  failed: "Failed",
  cancelled: "Cancelled",
  lost: "Lost",
};

export const stateWord = (state: State): string => t(STATE_WORDS[state]);

export const count = (n: number): string =>
  new Intl.NumberFormat(language(), { maximumFractionDigits: 2 }).format(n);

/** `2025-11-22 14:03:07` in the site's time zone; short leaves out the year. */
export function when(iso: string | null, short = false): string {
  if (!iso) return "";
  const parts: Record<string, string> = {};
  for (const { type, value } of formatter().formatToParts(new Date(iso))) parts[type] = value;
  const day = `${parts.month}-${parts.day}`;
  return `${short ? day : `${parts.year}-${day}`} ${parts.hour}:${parts.minute}:${parts.second}`;
}

/** `14:03:07` */
export const timeOfDay = (ms: number): string => when(new Date(ms).toISOString()).slice(11);

/** `14:03:07.125` */
export function clock(iso: string): string {
  return `${when(iso).slice(11)}.${(iso.match(/\.(\d{1,3})/)?.[1] ?? "").padEnd(3, "0")}`;
}

let made: Intl.DateTimeFormat | undefined;

function formatter(): Intl.DateTimeFormat {
  const zone = document.documentElement.dataset.timeZone;
  made ??= new Intl.DateTimeFormat("en", {
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(zone ? { timeZone: zone } : {}),
  });
  return made;
}

/** A span of milliseconds in words. */
export function span(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (s < 10) return t("{n} s", { n: s.toFixed(s < 1 ? 2 : 1) });
  const whole = Math.floor(s);
  if (whole < 60) return t("{n} s", { n: whole });
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return t("{m} min {s} s", { m: minutes, s: two(whole % 60) });
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t("{h} h {m} min", { h: hours, m: two(minutes % 60) });
  return t("{d} d {h} h", { d: Math.floor(hours / 24), h: two(hours % 24) });
}

const two = (n: number): string => String(n).padStart(2, "0");

/** From one time to another, or to `now`; empty where it has not begun. */
export function between(from: string | null, to: string | null, now: number = Date.now()): string {
  if (!from) return "";
  return span((to ? Date.parse(to) : now) - Date.parse(from));
}

export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let size = n;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** `x=4, y="four"`: arguments in a line of a list. */
export function argsLine(args: Record<string, Json> | null): string {
  const line = Object.entries(args ?? {}).map(([name, value]) => `${name}=${write(value)}`);
  return cut(line.join(", "), 160);
}

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The beginning of a text: at most `most` code points, and whole characters as people count them. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  let end = 0;
  let points = 0;
  for (const { segment, index } of characters.segment(text)) {
    points += [...segment].length;
    if (points > most) break;
    end = index + segment.length;
  }
  return end > 0 ? text.slice(0, end) : [...text].slice(0, most).join("");
}

/** An exception's name and its message; of ours, which is none, only the message, in the reader's words. */
export function errorParts({ type, message }: JobError): [string, string] {
  return type === "JobsFailed" ? ["", reasonWords(message)] : [type, message];
}

/** An error in a line of a list. */
export function errorLine(error: JobError): string {
  const [type, message] = errorParts(error);
  return type ? `${type}: ${cut(message, 200)}` : cut(message, 200);
}

/** `Succeeded 2, Waiting 1` */
export const childrenWords = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([state, n]) => `${stateWord(state as State)} ${count(n)}`)
    .join(", ");

/** A task's dotted name as the part before its last word, and that word. */
export function taskName(task: string): [string, string] {
  const at = task.lastIndexOf(".") + 1;
  return [task.slice(0, at), task.slice(at)];
}

/** What the job waits for, or what it is about; in words for the reader. */
export function situation(job: Job): string {
  if (job.state === "started" || job.state === "retrying" || job.state === "queued") {
    if (job.cancel === "asked" && job.state === "queued") return t("Asked to stop; it will not be started");
    if (job.cancel === "asked") return t("Asked to stop; the task has not looked yet");
    if (job.cancel === "seen") return t("The task has seen the cancel and is stopping");
  }
  if (job.reason) return reasonWords(job.reason);
  if (job.state === "queued") return t("Waiting for a worker");
  if (job.state === "scheduled") return t("Waiting for its time");
  if (job.state === "retrying") return t("Waiting to try again");
  return "";
}

/** A duration as arguments bear it, such as `P0DT5400S`. */
const WIRE_DURATION = /^(-?)P(\d+)DT(\d+)(\.\d{6})?S$/;

/** Such a duration as one types it, `1h 30m`; undefined for what is none. */
export function duration(text: string): string | undefined {
  const found = WIRE_DURATION.exec(text);
  if (!found) return undefined;
  const [, sign, days, whole, fraction = ""] = found;
  const seconds = Number(whole);
  const tail = fraction.replace(/\.?0+$/, "");
  const counts: [string, string][] = [
    [String(Number(days) + Math.floor(seconds / 86_400)), "d"],
    [String(Math.floor(seconds / 3600) % 24), "h"],
    [String(Math.floor(seconds / 60) % 60), "m"],
    [`${seconds % 60}${tail}`, "s"],
  ];
  const words = counts.filter(([n]) => n !== "0").map(([n, unit]) => n + unit);
  return sign + (words.join(" ") || "0s");
}
