// What files that stand in arguments by their upload's id are called. The server writes the names into the page, and
// is asked for those of jobs that come later.

import { getFile } from "./api";
import { pageData } from "./page";
import type { Job, Json } from "./types";
import { fileNamesUrl } from "./urls";

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Jobs asked about at once, and the time in which they gather. */
const MOST = 50;
const PAUSE_MS = 500;

type Names = Record<string, string>;

let written: Names | null = null;
const learnt: Names = {};

/** The name of the file with this id; undefined where it is none that the page knows. */
export function fileName(value: Json): string | undefined {
  if (typeof value !== "string") return undefined;
  written ??= pageData<Names>("file-names");
  return written?.[value] ?? learnt[value];
}

/** Arguments for people to read: files by their names. */
export function named(args: Record<string, Json> | null): Record<string, Json> {
  const shown = (value: Json): Json => (Array.isArray(value) ? value.map(shown) : (fileName(value) ?? value));
  return Object.fromEntries(Object.entries(args ?? {}).map(([name, value]) => [name, shown(value)]));
}

const asked = new Set<string>();
let waiting: string[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;

/** Learn what files these jobs' arguments name, and call `then` when something was learnt. Asks once for each job. */
export function learn(jobs: Job[], then: () => void): void {
  for (const job of jobs) {
    if (
      asked.has(job.id) ||
      !Object.values(job.args ?? {})
        .flat()
        .some(isUnknown)
    )
      continue;
    asked.add(job.id);
    waiting.push(job.id);
  }
  if (waiting.length > 0 && timer === undefined) timer = setTimeout(() => void ask(then), PAUSE_MS);
}

const isUnknown = (value: Json): boolean =>
  typeof value === "string" && ID.test(value) && fileName(value) === undefined;

async function ask(then: () => void): Promise<void> {
  const ids = waiting.slice(0, MOST);
  waiting = waiting.slice(MOST);
  const found = await getFile<Names>(fileNamesUrl(ids)).catch((): Names => ({}));
  timer = undefined;
  if (Object.keys(found).length > 0) {
    Object.assign(learnt, found);
    then();
  }
  learn([], then);
}
