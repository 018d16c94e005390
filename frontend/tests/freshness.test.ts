import { html } from "lit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { caughtUpWords, retryWords } from "../src/elements/connection";
import { define, Piece } from "../src/elements/piece";
import { later } from "../src/later";
import { Socket } from "../src/socket";
import { blankJob } from "../src/store";
import { face, mark } from "../src/tabface";
import type { Job } from "../src/types";
import { FakeSocket, tick } from "./fakesocket";

let hidden = false;

function hide(yes: boolean): void {
  hidden = yes;
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2025-11-22T05:00:00Z") });
  hidden = false;
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  FakeSocket.made = [];
});

afterEach(() => {
  vi.useRealTimers();
});

describe("after a gap", () => {
  const event = (seq: number, time: string) => ({ seq, time, kind: "log" });
  const events = (...list: object[]) => ({ type: "events", topic: "job:a", epoch: 1, events: list });
  let told: number[];
  let socket: Socket;

  beforeEach(() => {
    told = [];
    socket = new Socket("ws://test/ws/", {
      connect: (url) => new FakeSocket(url) as unknown as WebSocket,
      random: () => 1,
    });
    socket.follow({ name: "job:a", cursor: () => ({ after: 5, epoch: 1 }), frame: () => {} });
    socket.onReturn((n) => told.push(n));
    FakeSocket.last.accept();
    FakeSocket.last.say(tick);
  });

  afterEach(() => socket.close());

  function comeBack(): void {
    FakeSocket.last.drop(1006);
    vi.advanceTimersByTime(250);
    FakeSocket.last.accept();
  }

  it("counts what had been missed, over several frames, and not what comes live", () => {
    comeBack();
    FakeSocket.last.say(events(event(6, "2025-11-22T04:59:58Z"), event(7, "2025-11-22T04:59:59Z")));
    vi.advanceTimersByTime(300);
    FakeSocket.last.say(events(event(8, "2025-11-22T05:00:00Z"), event(9, "2025-11-22T05:00:01Z")));
    vi.advanceTimersByTime(500);
    FakeSocket.last.say(events(event(10, "2025-11-22T05:00:02Z")));
    vi.advanceTimersByTime(100);
    expect(told).toEqual([3]);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual([3]);
  });

  it("counts by the server's clock, and by the numbers where the log began further on", () => {
    FakeSocket.last.say({ ...tick, time: "2025-11-22T07:00:00Z" });
    comeBack();
    FakeSocket.last.say(events(event(6, "2025-11-22T06:59:59Z")));
    vi.advanceTimersByTime(600);
    comeBack();
    FakeSocket.last.say({ type: "snapshot", topic: "job:a", epoch: 1, seq: 219, job: {} });
    vi.advanceTimersByTime(600);
    expect(told).toEqual([1, 214]);
  });

  it("says nothing of the first connection, nor of a return that broke off", () => {
    FakeSocket.last.say(events(event(6, "2025-11-22T04:00:00Z")));
    vi.advanceTimersByTime(2_000);
    comeBack();
    FakeSocket.last.say(events(event(7, "2025-11-22T04:00:00Z")));
    comeBack();
    FakeSocket.last.say(events());
    vi.advanceTimersByTime(600);
    expect(told).toEqual([0]);
  });

  it("says when it tries again", () => {
    expect(socket.retryAt).toBeNull();
    FakeSocket.last.drop(1006);
    expect(socket.retryAt).toBe(Date.now() + 250);
    expect(retryWords(Date.now() + 3_200, Date.now())).toBe("Trying again in 4 s.");
    socket.tryNow();
    expect(retryWords(socket.retryAt)).toBe("Trying…");
    expect([0, 1, 1214].map(caughtUpWords)).toEqual([
      "Up to date again",
      "Caught up 1 event",
      "Caught up 1,214 events",
    ]);
  });
});

describe("a hidden tab", () => {
  class Counting extends Piece {
    static renders = 0;
    override render() {
      Counting.renders += 1;
      return html`drawn`;
    }
  }
  define("test-counting", Counting);

  it("draws nothing, and once when it is shown", async () => {
    const element = document.createElement("test-counting") as Counting;
    document.body.append(element);
    await vi.advanceTimersByTimeAsync(50);
    expect(Counting.renders).toBe(1);
    hide(true);
    for (let n = 0; n < 20; n++) {
      element.requestUpdate();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(Counting.renders).toBe(1);
    hide(false);
    await vi.advanceTimersByTimeAsync(50);
    expect(Counting.renders).toBe(2);
    hide(true);
    element.requestUpdate();
    await vi.advanceTimersByTimeAsync(50);
    expect(Counting.renders).toBe(2);
    hide(false);
    await vi.advanceTimersByTimeAsync(50);
    element.remove();
  });

  it("takes in what comes once a second, and the rest when it is shown", () => {
    const work = vi.fn();
    const soon = later(work);
    hide(true);
    for (let n = 0; n < 40; n++) {
      soon();
      vi.advanceTimersByTime(100);
    }
    expect(work).toHaveBeenCalledTimes(4);
    soon();
    hide(false);
    expect(work).toHaveBeenCalledTimes(5);
    vi.advanceTimersByTime(5_000);
    expect(work).toHaveBeenCalledTimes(5);
  });

  it("is not left behind by a frame that never came", () => {
    vi.stubGlobal("requestAnimationFrame", () => 0);
    const work = vi.fn();
    later(work)();
    hide(true);
    expect(work).toHaveBeenCalledOnce();
    vi.unstubAllGlobals();
  });
});

describe("the tab of a job's page", () => {
  const job = (over: Partial<Job>): Job => ({ ...blankJob("a"), ...over });
  const at = (current: number, total: number | null = 200): Partial<Job> => ({
    state: "started",
    progress: { current, total, description: "", steps: [] },
  });

  it("says how far the job is, and how it ended", () => {
    expect(mark(job(at(85)))).toBe("42 % ·");
    expect(mark(job(at(85, null)))).toBe("");
    expect(mark(job({ state: "queued" }))).toBe("");
    expect(
      (["succeeded", "failed", "cancelled", "lost"] as const).map((state) => mark(job({ state }))),
    ).toEqual(["✓", "✗", "■", "▲"]);
  });

  it("draws an icon in steps, with a shape for each end", () => {
    expect(face(job({ state: "queued" }))).toBeNull();
    expect(face(job(at(84)))).toBe(face(job(at(80))));
    expect(face(job(at(91)))).not.toBe(face(job(at(80))));
    const ends = (["succeeded", "failed", "cancelled", "lost"] as const).map((state) => face(job({ state })));
    expect(new Set(ends).size).toBe(4);
    for (const end of ends) expect(end).toMatch(/^data:image\/svg\+xml,/);
  });
});
