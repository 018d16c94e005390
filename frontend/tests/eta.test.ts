import { afterEach, describe, expect, it } from "vitest";
import cases from "../../tests/data/eta.json";
import { estimate, rate, type Sample, spanOf, steady, type Usual } from "../src/eta";
import { leftWords, Pace, rateWords, roughly } from "../src/pace";
import { blankJob } from "../src/store";
import type { Job } from "../src/types";

const near = (n: number | null, other: number | null) =>
  other === null || n === null ? expect(n).toBe(other) : expect(n).toBeCloseTo(other, 2);

it.each(cases.estimates)("what is left: $name", (one) => {
  const found = estimate(one.elapsed, one.current, one.total, one.rate, one.usual as Usual | null);
  near(found.left?.[0] ?? null, one.low);
  near(found.left?.[1] ?? null, one.high);
  expect(found.slow).toBe(one.slow);
});

it.each(cases.rates)("the rate: $name", (one) =>
  near(rate(one.samples as unknown as Sample[], one.elapsed), one.rate),
);

it.each(cases.spans as unknown as [[number, number], unknown[]][])("the range %j", (left, span) =>
  expect(spanOf(left)).toEqual(span),
);

it.each(cases.rate_words as [number | null, string][])("the rate of %d a second", (n, words) =>
  expect(rateWords(n)).toBe(words),
);

it.each(cases.roughly as [number, string][])("%d seconds roughly", (n, words) =>
  expect(roughly(n)).toBe(words),
);

describe("words", () => {
  afterEach(() => {
    document.documentElement.lang = "";
  });

  it.each(cases.words as unknown as [[number, number], string, string][])("for %j", (left, words, korean) => {
    expect(leftWords(left)).toBe(words);
    document.documentElement.lang = "ko";
    expect(leftWords(left)).toBe(korean);
  });
});

const START = Date.parse("2025-11-22T05:00:00Z");
const at = (current: number): Job => ({
  ...blankJob("a"),
  state: "started",
  attempt: 1,
  started_at: "2025-11-22T05:00:00Z",
  progress: { current, total: 1000, description: "", steps: [] },
});

describe("a pace", () => {
  it("follows what is newly reckoned without a jump, and comes there", () => {
    let shown = steady([60, 80], [600, 800], 1);
    expect(shown[0]).toBeLessThan(130);
    for (let n = 0; n < 60; n += 1) shown = steady(shown, [600 - n, 800 - n], 1);
    expect(shown[0]).toBeGreaterThan(520);
    expect(steady([1, 2], [0, 0], 5)).toEqual([0, 0]);
  });

  it("says what is left and how fast it goes", () => {
    const pace = new Pace();
    for (let n = 0; n <= 30; n += 1) pace.take(at(n * 10), START + n * 1000);
    const words = pace.words(at(300), START + 30_000);
    expect(words).toEqual({ left: "about 50 to 90 s left", rate: "10/s", usually: "", slow: false });
  });

  it("says nothing before there is something to go by", () => {
    expect(new Pace().words(at(1), START + 500)).toEqual({ left: "", rate: "", usually: "", slow: false });
  });

  it("goes on from the server's samples and begins anew with another attempt", () => {
    const pace = new Pace(null, [
      [10, 500],
      [20, 900],
    ]);
    pace.take(at(950), START + 21_000);
    expect(pace.words(at(950), START + 21_000).rate).toBe("41/s");
    const again = { ...at(10), attempt: 2, started_at: "2025-11-22T05:00:20Z" };
    pace.take(again, START + 25_000);
    expect(pace.words(again, START + 30_000).rate).toBe("");
  });

  it("has nothing to wait for once the job has ended or is asked to stop", () => {
    const ended: Job = { ...at(1000), state: "succeeded", finished_at: "2025-11-22T05:01:40Z" };
    const usual = { n: 9, low: 10, middle: 20, high: 30 };
    expect(new Pace(usual).words(ended, START + 1e9)).toEqual({
      left: "",
      rate: "10/s",
      usually: "slower than usual: usually 20 s",
      slow: true,
    });
    expect(new Pace().words({ ...at(500), cancel: "asked" }, START + 30_000).left).toBe("");
  });
});
