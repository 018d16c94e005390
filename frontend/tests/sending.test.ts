import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../src/api";
import { Sending } from "../src/sending";

const MIB = 1024 * 1024;

/** A server as the contract has it: a piece is taken where the upload goes on, and nowhere else. */
class FakeServer {
  bytes: Buffer | null = null;
  size = 0;
  asked = 0;
  dropped: string[] = [];
  /** What happens to the next requests instead: an error before, or (`lost`) after they were done. */
  trouble: (Error | "lost")[] = [];

  begin = async (_name: string, size: number) => {
    this.fail();
    this.size = size;
    this.bytes = Buffer.alloc(0);
    return this.shown();
  };
  ask = async () => {
    this.asked += 1;
    this.fail();
    return this.shown();
  };
  put = async (_id: string, offset: number, piece: ArrayBuffer, moved: (bytes: number) => void) => {
    moved(piece.byteLength);
    const lost = this.fail();
    if (!this.bytes) throw new ApiError(404, "There is no such upload.");
    if (offset !== this.bytes.length) throw new ApiError(409, "elsewhere", this.bytes.length);
    this.bytes = Buffer.concat([this.bytes, new Uint8Array(piece)]);
    if (lost) throw new Error("no answer");
    return this.shown();
  };
  drop = async (id: string) => {
    this.dropped.push(id);
  };

  private shown = () => {
    if (!this.bytes) throw new ApiError(404, "There is no such upload.");
    return { id: "u1", size: this.size, received: this.bytes.length };
  };
  private fail(): boolean {
    const next = this.trouble.shift();
    if (next instanceof Error) throw next;
    return next === "lost";
  }
}

const content = new Uint8Array(3 * MIB).map((_, i) => (i * 7 + (i >> 10)) % 251);
const file = new File([content], "a.csv");
let server: FakeServer;
const changed = vi.fn();

const send = (): Sending => new Sending(file, changed, server);
const settled = (sending: Sending): Promise<void> =>
  vi.waitFor(async () => {
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sending.pending).toBe(false);
  });

beforeEach(() => {
  vi.useFakeTimers();
  changed.mockReset();
  server = new FakeServer();
});

afterEach(() => {
  vi.useRealTimers();
});

function expectWhole(sending: Sending): void {
  expect(sending.state).toBe("complete");
  expect(sending.id).toBe("u1");
  expect(server.bytes?.equals(content)).toBe(true);
}

it("sends a file in pieces", async () => {
  const sending = send();
  await settled(sending);
  expectWhole(sending);
  expect(sending.sent).toBe(content.length);
  expect(server.asked).toBe(0);
});

it.each([
  ["before anything has begun", [new TypeError("offline")]],
  ["before a piece arrived", [undefined, undefined, new Error("no answer")]],
  ["after a piece arrived, its answer lost", [undefined, "lost"]],
  [
    "again and again",
    [undefined, new ApiError(503, ""), new ApiError(502, ""), "lost", new TypeError("offline")],
  ],
])("goes on after the connection broke %s", async (_when, trouble) => {
  server.trouble = trouble as (Error | "lost")[];
  const sending = send();
  await vi.advanceTimersByTimeAsync(0);
  await settled(sending);
  expectWhole(sending);
});

it("asks before it sends a piece again", async () => {
  const put = vi.spyOn(server, "put");
  server.trouble = [undefined as never, "lost"];
  const sending = send();
  await settled(sending);
  expectWhole(sending);
  expect(server.asked).toBe(1);
  expect(new Set(put.mock.calls.map(([, offset]) => offset)).size).toBe(put.mock.calls.length);
});

it("says that it waits, and goes on at once when the browser is online again", async () => {
  server.trouble = Array(12).fill(new TypeError("offline"));
  const sending = send();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(sending.state).toBe("waiting");
  server.trouble = [];
  dispatchEvent(new Event("online"));
  await vi.advanceTimersByTimeAsync(0);
  expect(sending.id).toBe("u1");
  await settled(sending);
  expectWhole(sending);
});

it("stops where the server refuses, and can go on from there", async () => {
  server.trouble = [undefined as never, undefined as never, new ApiError(507, "No room.")];
  const sending = send();
  await settled(sending);
  expect([sending.state, sending.problem]).toEqual(["stopped", "No room."]);
  expect(server.bytes?.length).toBe(MIB);
  sending.again();
  await settled(sending);
  expectWhole(sending);
});

it("begins anew where the server no longer has it", async () => {
  server.trouble = [undefined as never, undefined as never, new ApiError(404, "There is no such upload.")];
  const sending = send();
  await settled(sending);
  expect(sending.state).toBe("stopped");
  server.bytes = null;
  sending.again();
  await settled(sending);
  expectWhole(sending);
});

it("says that the file can no longer be read", async () => {
  vi.spyOn(file, "slice").mockReturnValue({
    arrayBuffer: () => Promise.reject(new Error("NotReadableError")),
  } as never);
  const sending = send();
  await settled(sending);
  expect(sending.state).toBe("stopped");
  expect(sending.problem).toContain("Choose it again");
});

it("has the server forget what was cancelled, also where it has hardly begun", async () => {
  const early = send();
  early.cancel();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(server.dropped).toEqual(["u1"]);
  expect(server.bytes).toHaveLength(0);
  const late = send();
  await settled(late);
  late.cancel();
  expect(server.dropped).toEqual(["u1", "u1"]);
});
