import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { type Condition, fits, type Spec } from "../src/fits";
import { blankJob } from "../src/store";
import type { Job } from "../src/types";

const examples = JSON.parse(readFileSync("../tests/data/search.json", "utf8")) as {
  job: Partial<Job>;
  fits: [text: string, isFound: boolean][];
};
const ID = "7b1c0b0e-4f2a-4b0e-9a51-0d2a6f5f4c11";
const job: Job = { ...blankJob(ID), created_at: "2026-11-22T05:00:00.000000+00:00", ...examples.job };
const everything: Spec = {
  unowned: false,
  since: null,
  until: null,
  id: "",
  parent: null,
  group: null,
  worker: "",
  args: [],
  texts: [],
  words: null,
};

/** The server parses the search; here as much of it as the examples need. */
function spec(text: string): Spec {
  const found = { ...everything, args: [] as Condition[], texts: [] as string[] };
  for (const [term] of text.matchAll(/(?:[^\s"]|"[^"]*")+/g)) {
    const [, name, quote, value = ""] = /^(?:([^\s:"]+):)?(=?"?)(.*?)"?$/.exec(term) ?? [];
    const [, op = "", rest = ""] = quote?.includes('"')
      ? ["", quote.replace('"', ""), value]
      : (/^(>=|<=|>|<|=|)(.*)$/.exec(`${quote}${value}`) ?? []);
    if (name === "worker") found.worker = rest;
    else if (name?.startsWith("args."))
      found.args.push({
        path: name.slice(5).split("."),
        op,
        text: rest,
        number: !quote?.includes('"') && /^[-\d.e]+$/.test(rest) ? Number(rest) : null,
      });
    else found.texts.push(rest);
  }
  return found;
}

it.each(examples.fits)("%s: %s", (text, isFound) => {
  expect(fits(job, spec(text))).toBe(isFound);
});

it("knows times, ids and whose a job is", () => {
  const found = (fields: Partial<Spec>, of: Partial<Job> = {}): boolean =>
    fits({ ...job, ...of }, { ...everything, ...fields });
  expect(found({ since: "2026-11-22T14:00:00+09:00" })).toBe(true);
  expect(found({ since: "2026-11-22T05:00:00.001Z" })).toBe(false);
  expect(found({ until: "2026-11-22T05:00:00Z" })).toBe(false);
  expect(found({ until: "2026-11-22T05:00:01Z" })).toBe(true);
  expect(found({ unowned: true }, { owner: null })).toBe(true);
  expect(found({ unowned: true }, { owner: "alice" })).toBe(false);
  expect(found({ id: "7b1c0b0e4f" })).toBe(true);
  expect(found({ id: "8" })).toBe(false);
  expect(found({ parent: ID })).toBe(false);
  expect(found({ group: ID }, { group: ID })).toBe(true);
});

it("takes words for the start of an id, or for tasks", () => {
  const words = (id: string, ...tasks: string[]): boolean =>
    fits(job, { ...everything, words: { id, tasks } });
  expect(words("7b1c")).toBe(true);
  expect(words("", "tasks.samples.mail.send")).toBe(true);
  expect(words("", "other")).toBe(false);
  expect(words("8")).toBe(false);
});
