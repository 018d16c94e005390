import { beforeAll, expect, it } from "vitest";
import examples from "../../tests/data/formats.json";
import { figure } from "../src/figures";
import {
  argsLine,
  between,
  bytes,
  clock,
  count,
  cut,
  duration,
  errorLine,
  span,
  taskName,
  when,
} from "../src/format";
import type { Json } from "../src/types";

// The time zone is read once, with the first time that is written.
beforeAll(() => {
  document.documentElement.dataset.timeZone = "Asia/Seoul";
});

it.each(examples.span as [number, string][])("a span of %d ms", (ms, text) => expect(span(ms)).toBe(text));
it.each(examples.count as [number, string][])("the number %d", (n, text) => expect(count(n)).toBe(text));
it.each(examples.bytes as [number, string][])("%d bytes", (n, text) => expect(bytes(n)).toBe(text));
it.each(examples.duration as [string, string][])("the duration %s", (wire, text) =>
  expect(duration(wire)).toBe(text),
);
it.each(["PT90M", "soon", "P1D", "xP0DT5400S"])("%s is no duration as arguments bear it", (text) =>
  expect(duration(text)).toBeUndefined(),
);
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

it("cuts what is too long for any line all the same", () => {
  expect(cut(`a${"\u0301".repeat(900)}`, 5)).toBe(`a${"\u0301".repeat(4)}`);
  expect(cut("👍🏽!", 1)).toBe("👍");
});

it("says in the reader's language that jobs of a batch failed", () => {
  const error = { type: "JobsFailed", message: "3 of 10 jobs did not succeed", traceback: "" };
  expect(errorLine(error)).toBe("3 of 10 jobs did not succeed");
  document.documentElement.lang = "ko";
  expect(errorLine(error)).toBe("작업 10개 중 3개가 성공하지 못했습니다");
  expect(errorLine({ ...error, type: "ValueError" })).toBe("ValueError: 3 of 10 jobs did not succeed");
  document.documentElement.lang = "";
});
