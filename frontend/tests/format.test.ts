import { beforeAll, expect, it } from "vitest";
import examples from "../../tests/data/formats.json";
import { figure } from "../src/figures";
import { argsLine, between, bytes, clock, count, span, taskName, when } from "../src/format";
import type { Json } from "../src/types";

// The time zone is read once, with the first time that is written.
beforeAll(() => {
  document.documentElement.dataset.timeZone = "Asia/Seoul";
});

it.each(examples.span as [number, string][])("a span of %d ms", (ms, text) => expect(span(ms)).toBe(text));
it.each(examples.count as [number, string][])("the number %d", (n, text) => expect(count(n)).toBe(text));
it.each(examples.bytes as [number, string][])("%d bytes", (n, text) => expect(bytes(n)).toBe(text));
it.each(examples.figures as [number, string, string][])("the figure %d of '%s'", (n, name, text) =>
  expect(figure(n, name)).toBe(text),
);
it.each(examples.args as unknown as [Record<string, Json>, string][])("arguments %j", (args, text) =>
  expect(argsLine(args)).toBe(text),
);
it.each(examples.when as [string, string, string][])("the time %s", (iso, day, time) => {
  expect(when(iso)).toBe(day);
  expect(when(iso, true)).toBe(day.slice(5));
  expect(clock(iso)).toBe(time);
});

it("writes spans in the reader's language", () => {
  document.documentElement.lang = "ko";
  expect(span(61_000)).toBe("1분 01초");
  document.documentElement.lang = "";
});

it("counts on to now where there is no end", () => {
  expect(between("2025-11-22T05:00:00Z", null, Date.parse("2025-11-22T05:00:42Z"))).toBe("42 s");
  expect(between(null, null)).toBe("");
});

it("parts a task's name", () => {
  expect(taskName("tasks.samples.arithmetic.add")).toEqual(["tasks.samples.arithmetic.", "add"]);
  expect(taskName("add")).toEqual(["", "add"]);
});
