import { render } from "lit";
import { expect, it } from "vitest";
import { progress } from "../src/elements/progress";
import { blankJob } from "../src/store";
import type { Job, Progress } from "../src/types";

const step = (
  description: string,
  current: number,
  total: number | null,
  steps: Progress[] = [],
): Progress => ({
  description,
  current,
  total,
  steps,
});

function drawn(fields: Partial<Job>): HTMLElement {
  const place = document.createElement("div");
  render(progress({ ...blankJob("a"), ...fields }), place);
  return place;
}

const words = (place: HTMLElement) => place.querySelector(".progress-text")?.textContent;
const over = (place: HTMLElement) =>
  [...place.querySelectorAll(".step-over")].map((line) => line.textContent?.replace(/\s+/g, " ").trim());

it("shows steps that are over as a quiet line without a bar", () => {
  const steps = [step("Looking for the encoding", 80, 80), step("", 1, 1), step("Reading", 3, 9)];
  const place = drawn({ state: "started", progress: step("1,000 rows", 40, 80, steps) });
  expect(over(place)).toEqual(["✓ Looking for the encoding", "✓ Step 2"]);
  expect(place.querySelectorAll("progress")).toHaveLength(2);
  expect(words(place)).toBe("1,000 rows");
});

it("counts the steps that are not shown", () => {
  const steps = [step("…", 1200, 1200), step("row", 3, 3), step("row", 1, 3)];
  expect(over(drawn({ state: "started", progress: step("rows", 1201, 2000, steps) }))).toEqual([
    "✓ … 1,200",
    "✓ row",
  ]);
});

it("names the step at work once", () => {
  const steps = [step("Reading", 5, 5), step("Writing", 2, 8)];
  const place = drawn({ state: "started", progress: step("Writing", 1, null, steps) });
  expect(words(place)).toBe("Step 2");
  expect(place.querySelector(".job-progress > .progress-line .count")).toBeNull();
  expect(place.textContent?.match(/Writing/g)).toHaveLength(1);
  const ended = drawn({ state: "succeeded", progress: step("Writing", 2, 2, steps) });
  expect(words(ended)).toBe("Steps");
  expect(ended.textContent).toContain("2 of 2");
});

it("keeps a description of its own", () => {
  const place = drawn({ state: "started", progress: step("Batch", 7, null, [step("Batch", 2, 8)]) });
  expect(words(place)).toBe("Batch");
});

it("moves nothing in a job that has ended", () => {
  const steps = [step("Reading", 5, null)];
  expect(
    drawn({ state: "failed", progress: step("all", 0, null, steps) }).querySelector("progress"),
  ).toBeNull();
  expect(over(drawn({ state: "succeeded", progress: step("all", 1, null, steps) }))).toEqual(["✓ Reading"]);
});

it("says how long a step took, those inside the last one too", () => {
  const begun = Date.parse("2025-11-22T05:00:00Z") / 1000;
  const inside = { ...step("sheet", 4, 4), started: begun, finished: begun + 1.5 };
  const steps = [
    { ...step("Reading", 5, 5, [inside]), started: begun, finished: begun + 12 },
    { ...step("Writing", 2, 8), started: begun + 12 },
    step("Sending", 0, 2),
  ];
  const place = drawn({
    state: "failed",
    finished_at: "2025-11-22T05:01:10.5Z",
    progress: step("all", 0, null, steps),
  });
  const spans = [...place.querySelectorAll("taskcast-span.step-time")].map((span) => {
    const { from, to } = span as unknown as { from: string; to: string };
    return (Date.parse(to) - Date.parse(from)) / 1000;
  });
  expect(spans).toEqual([12, 1.5, 58.5]);
});
