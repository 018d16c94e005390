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

const texts = (): string[] => feed.replica.log.lines.map((line) => line.text);

it("goes on from the page's cursor, and fetches the beginning of the log", async () => {
  answers = (url) => {
    const after = Number(new URL(url, "http://x").searchParams.get("after"));
    return { events: all(1300).slice(after, after + 500), seq: 1300, archived: false };
  };
  feed.start({ job: at(1300), epoch: 4, seq: 1300, events: all(1300).slice(300) });
  const ws = listen();
  expect(ws.sent[0]).toEqual({ type: "subscribe", topic: "job:a", after: 1300, epoch: 4 });
  ws.say({ type: "events", topic: "job:a", epoch: 4, events: [said(1301)] });
  await vi.runOnlyPendingTimersAsync();
  expect(texts()).toEqual(all(1301).map((event) => event.lines?.[0]?.text));
  expect(asked).toEqual(["/api/v1/jobs/a/events?after=0&limit=500"]);
});

it("asks again from its cursor at a gap, once", () => {
  feed.start({ job: at(2), epoch: 1, seq: 2, events: all(2) });
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

it("reads the lines again after a snapshot, and waits for an archive that is behind", async () => {
  let ready = false;
  answers = () =>
    ready ? { events: all(6), seq: 6, archived: true } : { events: [], seq: 2, archived: true };
  feed.start({ job: at(2), epoch: 1, seq: 2, events: all(2) });
  const ws = listen();
  ws.say({ type: "snapshot", topic: "job:a", epoch: 2, seq: 6, job: at(6) });
  ws.say({ type: "events", topic: "job:a", epoch: 2, events: [said(7)] });
  await vi.advanceTimersByTimeAsync(10);
  expect(feed.replica.log.gaps).toHaveLength(1);
  ready = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(texts()).toEqual(all(7).map((event) => event.lines?.[0]?.text));
  expect(feed.replica.log.gaps).toEqual([]);
});

it("fetches a value that was too long for its frame, and not again for other events", async () => {
  const long = "x".repeat(9000);
  answers = () => at(1, { args: { text: long } });
  const cut = at(1, { truncated: ["args"] });
  const ws = listen();
  ws.say({ type: "snapshot", topic: "job:a", epoch: 1, seq: 1, job: { ...cut, args: null } });
  answers = (url) =>
    url.includes("/events") ? { events: [], seq: 1, archived: false } : at(1, { args: { text: long } });
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
