// Browser notifications of the ends of the reader's jobs, where this browser was told to show them.

import { Ends } from "./ends";
import { stateWord, taskName } from "./format";
import { t } from "./i18n";
import { liveJobs } from "./livejobs";
import { isBatch, type Job } from "./types";
import { jobPage } from "./urls";

/** More at once than these are one notification. */
const MOST = 3;

export type Choice = "impossible" | "forbidden" | "on" | "off";

const reader = (): string => document.documentElement.dataset.user ?? "";
const key = (): string => `taskcast-notify:${reader()}`;

export function choice(): Choice {
  if (!("Notification" in window)) return "impossible";
  if (Notification.permission === "denied") return "forbidden";
  return Notification.permission === "granted" && localStorage.getItem(key()) === "on" ? "on" : "off";
}

/** Asks the browser for its permission, so only after a click. Says what has become of it. */
export async function turnOn(): Promise<Choice> {
  if ((await Notification.requestPermission()) !== "granted") return choice();
  // Some phones have the word and refuse the deed.
  if (!show(t("Taskcast will tell you here"), "", "taskcast")) return "impossible";
  localStorage.setItem(key(), "on");
  begin();
  return choice();
}

export function turnOff(): void {
  localStorage.removeItem(key());
}

/** Tell of ends, where the reader wants it; also once another tab turns it on. */
export function watchEnds(): void {
  if (!reader()) return;
  addEventListener("storage", begin);
  begin();
}

let watching = false;

function begin(): void {
  if (watching || choice() !== "on") return;
  watching = true;
  const ends = new Ends(reader(), Date.parse(document.documentElement.dataset.now ?? "") || Date.now());
  liveJobs().listen(
    ({ jobs }) => tell(ends.take(jobs)),
    () => ends.unfinished(),
  );
}

/** The same tag in several tabs is one notification. */
function tell(ended: Job[]): void {
  if (ended.length === 0 || !document.hidden || choice() !== "on") return;
  if (ended.length > MOST) show(t("{n} jobs have ended", { n: ended.length }), "", "taskcast");
  else for (const job of ended) show(title(job), stateWord(job.state), job.id, jobPage(job.id));
}

/** The name of its task; of a batch that of its jobs. */
function title(job: Job): string {
  const of = isBatch(job) ? String(job.args.task) : job.task;
  return taskName(of)[1];
}

function show(words: string, body: string, tag: string, page?: string): boolean {
  try {
    const notification = new Notification(words, { body, tag, icon: icon() });
    notification.onclick = () => {
      window.focus();
      if (page) location.assign(page);
      notification.close();
    };
    return true;
  } catch {
    return false;
  }
}

const icon = (): string => document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href ?? "";
