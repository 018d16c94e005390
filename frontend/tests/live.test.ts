import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../src/elements/live";

let asked: number;
let answer: () => { ok: boolean; status?: number; redirected?: boolean };

beforeEach(() => {
  vi.useFakeTimers();
  asked = 0;
  answer = () => ({ ok: true });
  vi.stubGlobal("fetch", async () => {
    asked += 1;
    return {
      redirected: false,
      status: 200,
      statusText: "",
      text: async () => `<p>${asked}</p>`,
      ...answer(),
    };
  });
  document.body.innerHTML = '<taskcast-live src="/workers/now/"><p>0</p></taskcast-live>';
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const shown = (): string | null => document.querySelector("taskcast-live")?.textContent ?? null;
const isStale = (): boolean => document.querySelector("taskcast-live")?.hasAttribute("stale") ?? false;

it("is written anew every few seconds, and at once when the reader comes back", async () => {
  await vi.advanceTimersByTimeAsync(6_500);
  expect([asked, shown()]).toEqual([2, "2"]);
  const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(2);
  hidden.mockReturnValue(false);
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.advanceTimersByTimeAsync(10);
  expect(shown()).toBe("3");
});

it("says that it is not fresh while the server is away, and goes on", async () => {
  answer = () => ({ ok: false, status: 503 });
  await vi.advanceTimersByTimeAsync(3_500);
  expect([shown(), isStale()]).toEqual(["0", true]);
  answer = () => ({ ok: true });
  await vi.advanceTimersByTimeAsync(3_500);
  expect([shown(), isStale()]).toEqual(["2", false]);
});

it("asks no more where it is refused, or signed out", async () => {
  answer = () => ({ ok: true, redirected: true });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([asked, isStale()]).toEqual([1, true]);
});
