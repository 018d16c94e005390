// PURE. Whether a job fits a search, as dashboard/search/fits.py has it; tests/data/search.json drives the tests of both.

import type { Job, Json } from "./types";

export interface Condition {
  path: string[];
  op: string;
  text: string;
  number: number | null;
}

/** What the server says of the search, beside states, tasks and the owner: dashboard/search/live.py. */
export interface Spec {
  unowned: boolean;
  since: string | null;
  until: string | null;
  id: string;
  parent: string | null;
  group: string | null;
  worker: string;
  args: Condition[];
  texts: string[];
  words: { id: string; tasks: string[] } | null;
}

export function fits(job: Job, spec: Spec): boolean {
  const { since, until, words } = spec;
  const created = Date.parse(job.created_at ?? "");
  const id = job.id.replaceAll("-", "");
  return (
    !(spec.unowned && job.owner) &&
    !(since && created < Date.parse(since)) &&
    !(until && created >= Date.parse(until)) &&
    id.startsWith(spec.id) &&
    (!spec.parent || job.parent === spec.parent) &&
    (!spec.group || job.group === spec.group) &&
    has(job.worker ?? "", spec.worker) &&
    (!words || (words.id !== "" && id.startsWith(words.id)) || words.tasks.includes(job.task)) &&
    spec.args.every((condition) => isSo(condition, job.args)) &&
    hasTexts(job, spec.texts)
  );
}

function isSo({ path, op, text, number }: Condition, args: Json): boolean {
  let value: Json | undefined = args;
  for (const name of path) {
    if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.hasOwn(value, name))
      return false;
    value = value[name];
  }
  return leaves(value as Json).some((leaf) => {
    const size = typeof leaf === "number" || typeof leaf === "bigint" ? Number(leaf) : null;
    if (op === "=") return String(leaf).toLowerCase() === text.toLowerCase();
    if (op) return size !== null && number !== null && compared(size, op, number);
    if (size !== null && number !== null) return size === number;
    return typeof leaf === "string" ? has(leaf, text) : String(leaf) === text.toLowerCase();
  });
}

const compared = (size: number, op: string, number: number): boolean =>
  (op.startsWith(">") ? size > number : size < number) || (op.length > 1 && size === number);

function hasTexts({ args, task, error }: Job, texts: string[]): boolean {
  if (texts.length === 0) return true;
  const all = [...leaves(args).map(String), task, error?.type ?? "", error?.message ?? ""];
  return texts.every((text) => all.some((one) => has(one, text)));
}

const has = (whole: string, part: string): boolean => whole.toLowerCase().includes(part.toLowerCase());

/** What is no object and no list, however deep it stands. */
function leaves(value: Json): (string | number | bigint | boolean | null)[] {
  if (value === null || typeof value !== "object") return [value];
  return Object.values(value).flatMap((one) => leaves(one as Json));
}
