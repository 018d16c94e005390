import { expect, it } from "vitest";
import cases from "../../tests/data/timeline.json";
import type { TimelineElement } from "../src/elements/timeline";
import "../src/elements/timeline";
import { blankJob } from "../src/store";
import { after, type Moment, parts, phases } from "../src/timeline";
import type { Job } from "../src/types";

const NOW = Date.parse("2025-11-22T05:00:40Z");

it.each(cases.phases)("$name", (one) => {
  const job = { ...blankJob("a"), ...one.job } as Job;
  const way = phases(job, one.moments as Moment[]);
  expect(way.map(({ state, attempt, reason, start, end }) => [state, attempt, reason, start, end])).toEqual(
    one.phases,
  );
  expect(parts(way, NOW).map(({ state, x, width }) => [state, x, width])).toEqual(one.parts);
});

it("goes on with what is told", () => {
  const known: Moment[] = [{ time: "a", state: "started", attempt: 2, reason: null }];
  const told = after(known, { seq: 9, time: "b", kind: "state", set: { state: "retrying", reason: "no" } });
  expect(told).toEqual([...known, { time: "b", state: "retrying", attempt: 2, reason: "no" }]);
  expect(after(told, { seq: 10, time: "c", kind: "progress", set: { progress: null } })).toBe(told);
});

it("draws each attempt with its reason", async () => {
  const element = document.createElement("taskcast-timeline") as TimelineElement;
  const one = cases.phases[2];
  element.job = { ...blankJob("a"), ...one?.job } as Job;
  element.moments = one?.moments as Moment[];
  document.body.append(element);
  await element.updateComplete;
  const words = [...element.querySelectorAll(".timeline-words")].map((each) => each.textContent?.trim());
  expect(words).toEqual([
    "Waiting queue a is paused",
    "Running",
    "Retrying OSError: not yet",
    "Running, attempt 2",
  ]);
  expect(element.querySelectorAll("rect")).toHaveLength(4);
  element.remove();
});
