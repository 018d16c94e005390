import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../src/elements/jobs";
import type { JobFeed } from "../src/feed";
import { jobFeed } from "../src/page";
import { blankJob } from "../src/store";
import type { Job, State } from "../src/types";
import { FakeSocket, tick } from "./fakesocket";

const PARENT = "7b1c0b0e-4f2a-4b0e-9a51-0d2a6f5f4c1";
let n = 0;
let parent: string;
let feed: JobFeed;
let asked: string[];
let answer: () => Job[];

const child = (row: number, state: State, seq = 1): Job => ({
  ...blankJob(`c${row}`),
  parent,
  row,
  state,
  seq,
  created_at: `2025-11-22T05:00:00.${String(row).padStart(6, "0")}+00:00`,
});

beforeEach(() => {
  vi.useFakeTimers();
  parent = `${PARENT}${n}`;
  n += 1;
  asked = [];
  answer = () => [];
  vi.stubGlobal("WebSocket", Object.assign(FakeSocket, { OPEN: 1 }));
  vi.stubGlobal("fetch", async (url: string) => {
    if (!url.includes("parent=")) return { ok: true, text: async () => '{"events":[],"seq":0}' };
    asked.push(url);
    return { ok: true, text: async () => JSON.stringify({ jobs: answer(), next: null }) };
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function page(rows: Job[], children: Record<string, number> | null): Promise<HTMLElement> {
  feed = jobFeed(parent);
  feed.start({ job: { ...blankJob(parent), state: "started", children }, epoch: 1, seq: 0, events: [] });
  document.body.innerHTML = `<script type="application/json" id="d">${JSON.stringify(rows)}</script>
    <taskcast-jobs data="d" parent="${parent}" limit="3" oldest></taskcast-jobs>`;
  await vi.advanceTimersByTimeAsync(50);
  FakeSocket.last.accept();
  FakeSocket.last.say(tick);
  return document.querySelector("taskcast-jobs") as HTMLElement;
}

function moved(seq: number, children: Record<string, number>): void {
  const event = { seq, time: "2025-11-22T05:00:00Z", kind: "child", set: { children } };
  FakeSocket.last.say({ type: "events", topic: `job:${parent}`, epoch: 1, events: [event] });
}

const states = (list: HTMLElement) =>
  [...list.querySelectorAll("tr[data-job]")].map((row) => (row as HTMLElement).dataset.state);

it("asks once for all that has moved, and not once more where nothing can change", async () => {
  const list = await page([child(1, "queued"), child(2, "queued")], { queued: 2 });
  await vi.advanceTimersByTimeAsync(2_000);
  asked = [];
  answer = () => [child(1, "succeeded", 4), child(2, "failed", 4)];
  moved(1, { queued: 1, succeeded: 1 });
  moved(2, { succeeded: 1, failed: 1 });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(states(list)).toEqual(["succeeded", "failed"]);
  expect(asked).toEqual([`/api/v1/jobs?parent=${parent}&order=oldest&limit=3`]);
  moved(3, { succeeded: 2 });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked.length).toBe(1);
});

it("takes in children that come later, up to its length, and says how many there are besides", async () => {
  const list = await page([], null);
  expect(states(list)).toEqual([]);
  answer = () => [child(1, "queued"), child(2, "queued"), child(3, "queued")];
  moved(1, { queued: 5 });
  await vi.advanceTimersByTimeAsync(2_000);
  expect([...list.querySelectorAll(".row-number")].map((place) => place.textContent)).toEqual([
    "row 1",
    "row 2",
    "row 3",
  ]);
  expect(list.querySelector(".more")?.textContent).toBe("… and 2 more");
});

it("asks again until the server is back", async () => {
  const list = await page([child(1, "queued")], { queued: 1 });
  await vi.advanceTimersByTimeAsync(2_000);
  answer = () => {
    if (asked.length < 4) throw new TypeError("the network is away");
    return [child(1, "lost", 2)];
  };
  moved(1, { lost: 1 });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(states(list)).toEqual(["lost"]);
});
