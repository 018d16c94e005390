import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Socket, type Topic } from "../src/socket";
import type { Cursor, Frame } from "../src/types";
import { FakeSocket, tick } from "./fakesocket";

let socket: Socket;
let signIn: ReturnType<typeof vi.fn<() => void>>;
let answers: ReturnType<typeof vi.fn<() => Promise<boolean>>>;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.made = [];
  signIn = vi.fn<() => void>();
  answers = vi.fn(async () => true);
  socket = new Socket("ws://test/ws/", {
    connect: (url) => new FakeSocket(url) as unknown as WebSocket,
    random: () => 1,
    signIn,
    answers,
  });
});

afterEach(() => {
  socket.close();
  vi.useRealTimers();
});

function topic(name = "job:a", cursor: Cursor | null = null): Topic & { frames: Frame[]; at: Cursor | null } {
  return {
    name,
    frames: [],
    at: cursor,
    cursor() {
      return this.at;
    },
    frame(frame) {
      this.frames.push(frame);
    },
  };
}

function connect(): FakeSocket {
  FakeSocket.last.accept();
  FakeSocket.last.say(tick);
  return FakeSocket.last;
}

describe("subscribing", () => {
  it("opens one connection for all topics, and only when there is one", () => {
    expect(FakeSocket.made).toHaveLength(0);
    socket.follow(topic("job:a"));
    socket.follow(topic("jobs"));
    expect(FakeSocket.made).toHaveLength(1);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([
      { type: "subscribe", topic: "job:a" },
      { type: "subscribe", topic: "jobs" },
    ]);
  });

  it("hands frames to their topic, the list of jobs too", () => {
    const job = topic("job:a");
    const jobs = topic("jobs");
    socket.follow(job);
    socket.follow(jobs);
    connect();
    FakeSocket.last.say({ type: "events", topic: "job:a", epoch: 1, events: [] });
    FakeSocket.last.say({ type: "jobs", jobs: [], removed: [] });
    FakeSocket.last.say({ type: "error", topic: "job:a", code: "not_found" });
    FakeSocket.last.say({ type: "error", code: "bad_request" });
    expect(job.frames.map((frame) => frame.type)).toEqual(["events", "error"]);
    expect(jobs.frames.map((frame) => frame.type)).toEqual(["jobs"]);
  });

  it("comes back with the cursors of that moment", () => {
    const job = topic("job:a", { after: 5, epoch: 2 });
    socket.follow(job);
    connect();
    job.at = { after: 9, epoch: 2 };
    FakeSocket.last.drop(1006);
    vi.advanceTimersByTime(250);
    expect(FakeSocket.made).toHaveLength(2);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: "subscribe", topic: "job:a", after: 9, epoch: 2 }]);
  });

  it("unsubscribes, and asks again on demand", () => {
    const stop = socket.follow(topic("job:a", { after: 1, epoch: 1 }));
    const ws = connect();
    ws.sent = [];
    socket.again("job:a");
    stop();
    expect(ws.sent.map((frame) => frame.type)).toEqual(["unsubscribe", "subscribe", "unsubscribe"]);
    ws.say({ type: "events", topic: "job:a", epoch: 1, events: [] });
  });
});

describe("acknowledging", () => {
  const filler = (n: number, letter = "x") => ({
    type: "error",
    code: "bad_request",
    detail: letter.repeat(n),
  });

  it("acknowledges what it has read every 5 s", () => {
    socket.follow(topic());
    const ws = connect();
    ws.say(tick);
    expect(ws.take("ack")).toEqual([]);
    vi.advanceTimersByTime(5_000);
    expect(ws.take("ack")).toEqual([{ type: "ack", n: 2 }]);
    vi.advanceTimersByTime(5_000);
    expect(ws.take("ack")).toHaveLength(1);
  });

  it("acknowledges each 64 KiB, in bytes and not in letters", () => {
    socket.follow(topic());
    const ws = connect();
    ws.say(filler(60_000));
    expect(ws.take("ack")).toEqual([]);
    ws.say(filler(6_000));
    expect(ws.take("ack")).toEqual([{ type: "ack", n: 3 }]);
    ws.say(filler(22_000, "글"));
    expect(ws.take("ack").at(-1)).toEqual({ type: "ack", n: 4 });
  });

  it("counts each connection from 1", () => {
    socket.follow(topic());
    connect().say(tick);
    FakeSocket.last.drop(1006);
    vi.advanceTimersByTime(1_000);
    const ws = connect();
    vi.advanceTimersByTime(5_000);
    expect(ws.take("ack")).toEqual([{ type: "ack", n: 1 }]);
  });

  it("acknowledges a frame that nobody can make sense of", () => {
    socket.follow(topic());
    const ws = connect();
    expect(() => ws.onmessage?.({ data: "{" })).toThrow();
    vi.advanceTimersByTime(5_000);
    expect(ws.take("ack")).toEqual([{ type: "ack", n: 2 }]);
  });
});

describe("coming back", () => {
  it("waits twice as long each time, up to 10 s, until a frame has come", () => {
    socket.follow(topic());
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      FakeSocket.last.accept();
      FakeSocket.last.drop(1006);
      const made = FakeSocket.made.length;
      let waited = 0;
      while (FakeSocket.made.length === made) {
        vi.advanceTimersByTime(50);
        waited += 50;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 10000, 10000]);
    connect().drop(1006);
    vi.advanceTimersByTime(250);
    expect(FakeSocket.made).toHaveLength(10);
  });

  it("takes a connection that has been silent for 12 s for dead", () => {
    socket.follow(topic());
    const ws = connect();
    vi.advanceTimersByTime(11_900);
    ws.say(tick);
    vi.advanceTimersByTime(11_900);
    expect(socket.status.connection).toBe("live");
    vi.advanceTimersByTime(200);
    expect(socket.status.connection).toBe("reconnecting");
    expect(ws.readyState).toBe(3);
    vi.advanceTimersByTime(250);
    expect(FakeSocket.made).toHaveLength(2);
  });

  it("gives up on a connection that never opens, and hears nothing of it later", () => {
    const job = topic();
    socket.follow(job);
    const ws = FakeSocket.last;
    vi.advanceTimersByTime(12_250);
    expect(FakeSocket.made).toHaveLength(2);
    ws.accept();
    ws.say({ type: "events", topic: "job:a", epoch: 1, events: [] });
    expect(job.frames).toEqual([]);
  });

  it("goes to sign in at 4401 and stays away", () => {
    socket.follow(topic());
    connect().drop(4401);
    vi.advanceTimersByTime(60_000);
    expect(signIn).toHaveBeenCalledOnce();
    expect(socket.status.connection).toBe("offline");
    expect(FakeSocket.made).toHaveLength(1);
  });

  it("returns at once after 4408, with its cursor, and waits long after 4429", () => {
    socket.follow(topic("job:a", { after: 3, epoch: 1 }));
    connect().drop(4408);
    vi.advanceTimersByTime(250);
    expect(FakeSocket.made).toHaveLength(2);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent[0]).toMatchObject({ after: 3, epoch: 1 });
    connect().drop(4429);
    vi.advanceTimersByTime(9_000);
    expect(FakeSocket.made).toHaveLength(2);
    vi.advanceTimersByTime(1_000);
    expect(FakeSocket.made).toHaveLength(3);
  });

  it("tries at once when told to, and only when it is away", () => {
    socket.follow(topic());
    connect();
    socket.tryNow();
    expect(FakeSocket.made).toHaveLength(1);
    FakeSocket.last.drop(1006);
    socket.tryNow();
    expect(FakeSocket.made).toHaveLength(2);
    vi.advanceTimersByTime(250);
    expect(FakeSocket.made).toHaveLength(2);
  });
});

describe("saying how fresh the page is", () => {
  it("is live only when a frame has come, and offline after half a minute without", () => {
    const seen: string[] = [];
    socket.watch(({ connection, met }) => seen.push(`${connection} ${met}`));
    socket.follow(topic());
    FakeSocket.last.accept();
    FakeSocket.last.say(tick);
    FakeSocket.last.drop(1006);
    for (let i = 0; i < 40; i++) {
      vi.advanceTimersByTime(1_000);
      if (FakeSocket.last.readyState !== 3) FakeSocket.last.drop(1006);
    }
    vi.advanceTimersByTime(10_000);
    connect();
    expect(seen).toEqual([
      "reconnecting false",
      "live true",
      "reconnecting true",
      "offline true",
      "live true",
    ]);
  });

  it("tells a log that is away from a connection that is", () => {
    socket.follow(topic());
    connect().say({ ...tick, log: "away" });
    expect(socket.status).toEqual({ connection: "live", log: "away", met: true, ended: false });
    FakeSocket.last.say({ type: "jobs", jobs: [], removed: [] });
    expect(socket.status.log).toBe("away");
    FakeSocket.last.say(tick);
    expect(socket.status.log).toBe("live");
  });
});

describe("a server that opens no socket", () => {
  async function fail(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      FakeSocket.last.drop(1006);
      await vi.advanceTimersByTimeAsync(10_000);
    }
  }

  it("is told where it answers everything else, until it opens one", async () => {
    socket.follow(topic());
    await fail(2);
    expect(answers).not.toHaveBeenCalled();
    await fail(3);
    expect(answers).toHaveBeenCalledOnce();
    expect(socket.status.unopened).toBe(true);
    connect();
    expect(socket.status.unopened).toBeUndefined();
  });

  it("is not told of one that is away, or that had opened one", async () => {
    answers.mockResolvedValue(false);
    socket.follow(topic());
    await fail(4);
    expect(socket.status.unopened).toBeUndefined();
    connect();
    answers.mockResolvedValue(true);
    await fail(5);
    expect(socket.status.unopened).toBeUndefined();
  });
});
