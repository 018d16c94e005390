import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../src/elements/overview";
import { liveJobs } from "../src/livejobs";
import { blankJob } from "../src/store";
import type { State } from "../src/types";
import { FakeSocket } from "./fakesocket";

const SRC = "/overview/parts/?range=hour";
let answer: object;
const asked = vi.fn(async (url: string) => ({ ok: true, redirected: false, json: async () => answer, url }));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Object.assign(FakeSocket, { OPEN: 1 }));
  asked.mockClear();
  vi.stubGlobal("fetch", asked);
  answer = {
    parts: { tiles: '<a href="/b">2</a><a href="/a">3</a>' },
    plots: { ended: { label: "new" } },
    new: false,
  };
  document.body.innerHTML = `<taskcast-overview src="${SRC}"><div data-part="tiles"><a href="/a">1</a></div>
    <section class="charts" hidden><div data="plot-ended"></div></section></taskcast-overview>`;
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** The topic of all jobs says this of one. */
function hear(id: string, state: State): void {
  const take = liveJobs() as unknown as { listeners: Map<(change: object) => void, unknown> };
  for (const listener of take.listeners.keys()) listener({ jobs: [{ ...blankJob(id), state }], removed: [] });
}

it("asks soon after a job changes its state, not while it only reports, and seldom at most", async () => {
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).not.toHaveBeenCalled();
  hear("a", "started");
  await vi.advanceTimersByTimeAsync(1_100);
  expect(asked.mock.calls.map(([url]) => url)).toEqual([SRC]);
  hear("a", "started");
  await vi.advanceTimersByTimeAsync(12_000);
  expect(asked).toHaveBeenCalledTimes(1);
  hear("a", "succeeded");
  hear("b", "queued");
  await vi.advanceTimersByTimeAsync(1_100);
  hear("b", "started");
  await vi.advanceTimersByTimeAsync(8_000);
  expect(asked).toHaveBeenCalledTimes(2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(asked).toHaveBeenCalledTimes(3);
});

it("moves the charts on while nothing changes", async () => {
  await vi.advanceTimersByTimeAsync(61_000);
  expect(asked).toHaveBeenCalledTimes(1);
});

it("puts in what has changed, and leaves the focus on its link", async () => {
  document.querySelector<HTMLElement>("a")?.focus();
  hear("a", "failed");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(document.querySelector("[data-part=tiles]")?.textContent).toBe("23");
  expect(document.activeElement?.textContent).toBe("3");
  expect(document.querySelector<HTMLElement>(".charts")?.hidden).toBe(false);
  expect((document.querySelector("[data=plot-ended]") as unknown as { plot: object }).plot).toEqual({
    label: "new",
  });
});

it("asks for nothing in a hidden tab, and at once when it is seen again", async () => {
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  hear("a", "failed");
  await vi.advanceTimersByTimeAsync(120_000);
  expect(asked).not.toHaveBeenCalled();
  hidden.mockReturnValue(false);
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.advanceTimersByTimeAsync(10);
  expect(asked).toHaveBeenCalledTimes(1);
});

it("goes on where the server does not answer", async () => {
  asked.mockRejectedValueOnce(new TypeError("away"));
  hear("a", "failed");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(document.querySelector("[data-part=tiles]")?.textContent).toBe("1");
  await vi.advanceTimersByTimeAsync(61_000);
  expect(document.querySelector("[data-part=tiles]")?.textContent).toBe("23");
});
