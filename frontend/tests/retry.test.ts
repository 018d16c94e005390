import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../src/elements/retry";
import { jobFeed } from "../src/page";
import { blankJob } from "../src/store";
import type { Job, State } from "../src/types";
import { FakeSocket } from "./fakesocket";

let id = 0;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Object.assign(FakeSocket, { OPEN: 1 }));
  document.head.innerHTML = '<meta name="csrf-token" content="abc">';
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function page(state: State, fields: Partial<Job> = {}): Promise<HTMLElement> {
  id += 1;
  const job: Job = { ...blankJob(`r${id}`), state, ...fields };
  jobFeed(job.id).start({ job, epoch: 1, seq: 0, events: [] });
  document.body.innerHTML = `<taskcast-retry job="${job.id}" action="/jobs/${job.id}/retry/" edit="/tasks/add/?x=4"></taskcast-retry>`;
  await vi.advanceTimersByTimeAsync(50);
  return document.querySelector("taskcast-retry") as HTMLElement;
}

it("is there once the job has ended, as the form that the server would write", async () => {
  const form = (await page("failed")).querySelector("form") as HTMLFormElement;
  expect(form.getAttribute("action")).toBe(`/jobs/r${id}/retry/`);
  expect(form.method).toBe("post");
  expect(new FormData(form).get("csrfmiddlewaretoken")).toBe("abc");
  expect(form.textContent?.trim()).toBe("Run again");
});

it.each<State>(["queued", "started", "retrying"])("is not there while the job is %s", async (state) => {
  expect((await page(state)).querySelector("form")).toBeNull();
});

const batch = (children: Record<string, number>): Partial<Job> => ({ task: "taskcast.batch", children });

it.each<[State, Record<string, number>, string | undefined]>([
  ["succeeded", { succeeded: 3 }, undefined],
  ["failed", { succeeded: 2, lost: 1 }, "Run the failed ones again"],
  ["failed", { failed: 2, cancelled: 1 }, "Run the failed and cancelled ones again"],
  ["cancelled", { succeeded: 2, cancelled: 1 }, "Run the cancelled ones again"],
  ["started", { started: 2, failed: 1 }, undefined],
])("of a batch that has %s with %o it offers: %s", async (state, children, words) => {
  const button = (await page(state, batch(children))).querySelector("form button");
  expect(button?.textContent?.trim()).toBe(words);
});

it("leads to the form at any time, and says what that is for", async () => {
  const link = async (state: State) => (await page(state)).querySelector("a");
  expect((await link("started"))?.textContent).toBe("Edit and run another…");
  const ended = await link("failed");
  expect(ended?.textContent).toBe("Edit and run again…");
  expect(ended?.getAttribute("href")).toBe("/tasks/add/?x=4");
});
