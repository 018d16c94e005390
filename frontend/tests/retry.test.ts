import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../src/elements/retry";
import { jobFeed } from "../src/page";
import { blankJob } from "../src/store";
import type { State } from "../src/types";
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

async function page(state: State): Promise<HTMLElement> {
  id += 1;
  const job = { ...blankJob(`r${id}`), state };
  jobFeed(job.id).start({ job, epoch: 1, seq: 0, events: [] });
  document.body.innerHTML = `<taskcast-retry job="${job.id}" action="/jobs/${job.id}/retry/"></taskcast-retry>`;
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
