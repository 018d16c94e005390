import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../src/elements/cancel";
import { jobFeed } from "../src/page";
import { blankJob } from "../src/store";
import type { Job } from "../src/types";
import { FakeSocket } from "./fakesocket";

const asked = vi.fn();
let id = 0;

beforeEach(() => {
  vi.useFakeTimers();
  asked.mockReset();
  vi.stubGlobal("WebSocket", Object.assign(FakeSocket, { OPEN: 1 }));
  vi.stubGlobal("fetch", async (_url: string, init?: RequestInit) => {
    if (init?.method === "POST") asked(JSON.parse(String(init.body)));
    return { ok: true, text: async () => JSON.stringify({ events: [], seq: 0, archived: false }) };
  });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function page(fields: Partial<Job>, inside = ""): Promise<HTMLElement> {
  id += 1;
  const job: Job = { ...blankJob(`j${id}`), state: "started", ...fields };
  jobFeed(job.id).start({ job, epoch: 1, seq: 0, events: [] });
  document.body.innerHTML = `<taskcast-cancel job="${job.id}">${inside}</taskcast-cancel>`;
  await vi.advanceTimersByTimeAsync(50);
  return document.querySelector("taskcast-cancel") as HTMLElement;
}

it("asks first, without force", async () => {
  const place = await page({});
  (place.querySelector("button") as HTMLElement).click();
  await vi.advanceTimersByTimeAsync(50);
  expect(asked.mock.calls).toEqual([[{ force: false }]]);
});

it.each(["asked", "seen"] as const)(
  "offers force some seconds after a cancel that was %s",
  async (cancel) => {
    const place = await page({ cancel });
    expect(place.querySelector(".force")).toBeNull();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(place.querySelector(".force")?.textContent).toContain("terminated in the middle");
    (place.querySelector(".force button") as HTMLElement).click();
    await vi.advanceTimersByTimeAsync(50);
    expect(asked.mock.calls).toEqual([[{ force: true }]]);
    expect(place.textContent).toContain("Its process is being terminated");
  },
);

it("keeps the force that the server offered", async () => {
  const place = await page({ cancel: "asked" }, '<details class="force"></details>');
  expect(place.querySelector(".force button")).not.toBeNull();
});

it("offers no force for a job that does not run, nor before anybody asked", async () => {
  for (const fields of [{ state: "queued", cancel: "asked" }, { cancel: null }] as Partial<Job>[]) {
    const place = await page(fields);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(place.querySelector(".force")).toBeNull();
  }
});

it("says politely that force is offered now, where a screen reader listens already", async () => {
  const place = await page({ cancel: "asked" });
  const told = place.querySelector('[role="status"]');
  expect(told?.textContent).toBe("");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(place.querySelector('[role="status"]')).toBe(told);
  expect(told?.textContent).toBe("The job can now be stopped by force.");
});
