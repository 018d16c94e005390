import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { JobFeed } from "../src/feed";
import { Socket } from "../src/socket";
import { blankJob } from "../src/store";
import type { Job, JobEvent } from "../src/types";
import { FakeSocket, tick } from "./fakesocket";

const said = (seq: number): JobEvent => ({
  seq,
  time: "2025-11-22T05:00:00Z",
  kind: "log",
  lines: [{ time: "2025-11-22T05:00:00Z", level: "info", text: `line ${seq}` }],
});
const all = (upto: number): JobEvent[] => Array.from({ length: upto }, (_, i) => said(i + 1));
const at = (seq: number, fields: Partial<Job> = {}): Job => ({ ...blankJob("a"), ...fields, seq });

let feed: JobFeed;
let asked: string[];
let answers: (url: string) => unknown;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
  asked = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return { ok: true, text: async () => JSON.stringify(answers(url)) };
  });
  feed = new JobFeed(
    "a",
    new Socket("ws://x/", { connect: (url) => new FakeSocket(url) as unknown as WebSocket }),
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function listen(): FakeSocket {
  feed.listen(() => {});
  FakeSocket.last.accept();
  FakeSocket.last.say(tick);
  return FakeSocket.last;
}

/** The lines that are here, by their numbers. */
const texts = (): (string | undefined)[] =>
  Array.from({ length: feed.replica.log.total ?? 0 }, (_, n) => feed.replica.log.get(n + 1)?.text);
const wire = (from: number, to: number): unknown[] =>
  Array.from({ length: to - from + 1 }, (_, n) => [
    from + n,
    "2025-11-22T05:00:00Z",
    "info",
    `line ${from + n}`,
  ]);

it("goes on from the page's cursor, and fetches earlier lines by their numbers", async () => {
  answers = (url) => {
    const from = Number(new URL(url, "http://x").searchParams.get("from"));
    return { lines: wire(from, from + 399), seq: 1300, total: 1300 };
  };
  feed.start({ job: at(1300), epoch: 4, seq: 1300, events: all(1300).slice(1290), lines: 1300 });
  const ws = listen();
  expect(ws.sent[0]).toEqual({ type: "subscribe", topic: "job:a", after: 1300, epoch: 4 });
  ws.say({ type: "events", topic: "job:a", epoch: 4, events: [said(1301)] });
  await vi.runOnlyPendingTimersAsync();
  expect(asked).toEqual([]);
  expect(texts().findIndex(Boolean)).toBe(1290);
  expect(await feed.fetch(801, 400)).toBe(true);
  expect(asked).toEqual(["/jobs/a/log/lines/?from=801&count=400&level="]);
  expect(texts().slice(800, 1200)).toEqual(
    all(1200)
      .slice(800)
      .map((event) => event.lines?.[0]?.text),
  );
  expect(texts().slice(-2)).toEqual(["line 1300", "line 1301"]);
});

it("asks again from its cursor at a gap, once", () => {
  feed.start({ job: at(2), epoch: 1, seq: 2, events: all(2), lines: 2 });
  const ws = listen();
  ws.sent = [];
  ws.say({ type: "events", topic: "job:a", epoch: 1, events: [said(4)] });
  ws.say({ type: "events", topic: "job:a", epoch: 1, events: [said(5)] });
  expect(ws.sent).toEqual([
    { type: "unsubscribe", topic: "job:a" },
    { type: "subscribe", topic: "job:a", after: 2, epoch: 1 },
  ]);
  ws.say({ type: "events", topic: "job:a", epoch: 1, events: [said(3), said(4), said(5)] });
  expect(texts()).toEqual(["line 1", "line 2", "line 3", "line 4", "line 5"]);
});

it("asks how many lines there are after a snapshot, and waits for a server that is behind", async () => {
  let ready = false;
  answers = () => (ready ? { lines: [], seq: 6, total: 60 } : { lines: [], seq: 2, total: 2 });
  feed.start({ job: at(2), epoch: 1, seq: 2, events: all(2), lines: 2 });
  const ws = listen();
  ws.say({ type: "snapshot", topic: "job:a", epoch: 2, seq: 6, job: at(6) });
  ws.say({ type: "events", topic: "job:a", epoch: 2, events: [said(7)] });
  await vi.advanceTimersByTimeAsync(10);
  expect(feed.replica.log.total).toBeNull();
  ready = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(feed.replica.log.total).toBe(61);
  expect(feed.replica.log.get(61)?.text).toBe("line 7");
});

it("fetches a value that was too long for its frame, and not again for other events", async () => {
  const long = "x".repeat(9000);
  answers = () => at(1, { args: { text: long } });
  const cut = at(1, { truncated: ["args"] });
  const ws = listen();
  ws.say({ type: "snapshot", topic: "job:a", epoch: 1, seq: 1, job: { ...cut, args: null } });
  answers = (url) =>
    url.includes("/log/") ? { lines: [], seq: 1, total: 0 } : at(1, { args: { text: long } });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(feed.job?.args).toEqual({ text: long });
  const before = asked.length;
  ws.say({ type: "events", topic: "job:a", epoch: 1, events: [said(2)] });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(asked).toHaveLength(before);
  ws.say({
    type: "events",
    topic: "job:a",
    epoch: 1,
    events: [{ seq: 3, time: "", kind: "state", set: { result: null, truncated: ["args", "result"] } }],
  });
  answers = () => at(3, { args: { text: long }, result: [long] });
  await vi.advanceTimersByTimeAsync(1_500);
  expect(feed.job?.result).toEqual([long]);
});

it("says when the job is not for this reader", () => {
  const ws = listen();
  ws.say({ type: "error", topic: "job:a", code: "not_found" });
  expect(feed.missing).toBe(true);
});
