import { render } from "lit";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { words } from "../src/elements/connection";
import { facts } from "../src/elements/facts";
import { JobElement } from "../src/elements/job";
import type { JobsElement } from "../src/elements/jobs";
import "../src/elements/cancel";
import "../src/elements/jobs";
import { define } from "../src/elements/piece";
import { progress } from "../src/elements/progress";
import { result } from "../src/elements/result";
import { value } from "../src/elements/value";
import { learn, named } from "../src/filenames";
import { jobFeed, socket } from "../src/page";
import { blankJob } from "../src/store";
import type { Job, Json } from "../src/types";
import { FakeSocket, tick } from "./fakesocket";

define("taskcast-job", JobElement);

const ID = "7b1c0b0e-4f2a-4b0e-9a51-0d2a6f5f4c11";
const job = (fields: Partial<Job> = {}): Job => ({
  ...blankJob(ID),
  task: "tasks.samples.arithmetic.add",
  args: { x: 4, y: 4 },
  created_at: "2025-11-22T05:00:00.000000+00:00",
  ...fields,
});

beforeEach(() => {
  vi.stubGlobal("WebSocket", Object.assign(FakeSocket, { OPEN: 1 }));
  vi.stubGlobal("fetch", async () => ({
    ok: true,
    text: async () => JSON.stringify({ events: [], seq: 99, archived: false }),
  }));
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

function drawn(template: unknown): HTMLElement {
  const place = document.createElement("div");
  render(template, place);
  return place;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 40));

describe("a bar", () => {
  const steps = [{ current: 1, total: null, description: "열 분석", steps: [] }];

  it("has the progress' own numbers", () => {
    const place = drawn(
      progress(
        job({ state: "started", progress: { current: 50, total: 200, description: "Reading", steps } }),
      ),
    );
    const [whole, step] = place.querySelectorAll('[role="progressbar"]');
    expect(whole?.getAttribute("aria-valuenow")).toBe("50");
    expect(whole?.getAttribute("aria-valuemin")).toBe("0");
    expect(whole?.getAttribute("aria-valuemax")).toBe("200");
    expect(step?.hasAttribute("aria-valuenow")).toBe(false);
    expect(place.querySelector("[aria-live]")?.textContent).toBe("Reading");
    expect(place.textContent).toContain("50 of 200");
    expect(place.textContent).toContain("25 %");
    expect(place.textContent).toContain("열 분석");
  });

  it("says 100 % only at the end", () => {
    const at = { current: 1999, total: 2000, description: "", steps: [] };
    expect(drawn(progress(job({ state: "started", progress: at }))).textContent).toContain("99 %");
  });

  it("of a batch says how its jobs ended", () => {
    const at = { current: 8, total: 10, description: "", steps: [] };
    const children = { queued: 2, succeeded: 6, failed: 2 };
    const batch = job({ task: "taskcast.batch", progress: at, children, state: "started" });
    const place = drawn(progress(batch));
    const bar = place.querySelector('[role="progressbar"]');
    expect(bar?.getAttribute("aria-valuenow")).toBe("8");
    expect(bar?.getAttribute("aria-valuetext")).toBe("Waiting 2, Succeeded 6, Failed 2");
    const pieces = [...(bar?.querySelectorAll("rect") ?? [])].map((piece) =>
      ["data-state", "x", "width"].map((name) => piece.getAttribute(name)),
    );
    expect(pieces).toEqual([
      ["succeeded", "0.00%", "60.00%"],
      ["failed", "60.00%", "20.00%"],
    ]);
    expect(place.querySelector(".percent")?.textContent).toBe("80 %");
    const ended = drawn(progress({ ...batch, state: "failed" }));
    expect(ended.querySelector(".percent")).toBeNull();
    expect(ended.querySelector(".ends-words")?.textContent).toBe("Waiting 2, Succeeded 6, Failed 2");
  });

  it("pretends nothing where nothing is known", () => {
    const bar = drawn(progress(job({ state: "started" }))).querySelector("progress");
    expect(bar?.hasAttribute("value")).toBe(false);
    expect(drawn(progress(job())).textContent).toContain("Waiting for a worker");
    expect(drawn(progress(job({ state: "started", cancel: "seen" }))).textContent).toContain(
      "seen the cancel",
    );
  });
});

describe("a value", () => {
  const shown = (json: Json) => drawn(value(json));

  it("is shown by its shape", () => {
    expect(shown(8).textContent).toBe("8");
    expect(shown(null).textContent).toBe("No value");
    expect(shown("<b>").querySelector("b")).toBeNull();
    expect(shown([1, 2]).textContent).toBe("1, 2");
    expect(shown({ rows: [{ a: 1 }, { b: "x" }] }).querySelectorAll("td")).toHaveLength(4);
    expect(shown([[1, [2]]]).querySelector("pre")?.textContent).toContain("[");
  });

  it("draws the beginning of a long table, and says so", () => {
    const place = shown(Array.from({ length: 900 }, (_, n) => ({ n })));
    expect(place.querySelectorAll("tbody tr")).toHaveLength(200);
    expect(place.textContent).toContain("900 rows");
  });
});

describe("a job's element", () => {
  it("keeps the server's words until it knows the job, then takes over and follows", async () => {
    document.body.innerHTML = `<taskcast-job job="${ID}"><p>as the server wrote it</p></taskcast-job>
      <taskcast-cancel job="${ID}"><form></form></taskcast-cancel>`;
    const element = document.querySelector("taskcast-job") as HTMLElement;
    await settled();
    expect(element.textContent).toBe("as the server wrote it");
    expect(element.dataset.job).toBe(ID);
    const ws = FakeSocket.last;
    ws.accept();
    ws.say(tick);
    ws.say({ type: "snapshot", topic: `job:${ID}`, epoch: 1, seq: 0, job: job() });
    await settled();
    expect(element.dataset.state).toBe("queued");
    expect(element.textContent).not.toContain("as the server wrote it");
    expect(element.textContent).toContain("Waiting for a worker");
    expect(document.querySelector("taskcast-cancel button")?.textContent).toContain("Cancel job");
    ws.say({
      type: "events",
      topic: `job:${ID}`,
      epoch: 1,
      events: [{ seq: 1, time: "", kind: "state", set: { state: "succeeded", result: 8 } }],
    });
    await settled();
    expect(element.dataset.state).toBe("succeeded");
    expect(element.querySelector(".job-result .value")?.textContent?.trim()).toBe("8");
    expect(document.querySelector("taskcast-cancel button")).toBeNull();
    expect(document.querySelectorAll("[style]")).toHaveLength(0);
    expect(jobFeed(ID).job?.result).toBe(8);
  });
});

describe("an element of a job that cannot be shown", () => {
  it.each([
    ["nope", "bad_request"],
    ["00000000-0000-4000-8000-000000000000", "not_found"],
  ] as const)("says so of %s", async (id, code) => {
    document.body.innerHTML = `<taskcast-job job="${id}"></taskcast-job>`;
    await settled();
    if (FakeSocket.last.readyState !== 1) FakeSocket.last.accept();
    FakeSocket.last.say({ type: "error", topic: `job:${id}`, code, detail: "" });
    await settled();
    expect(document.querySelector('taskcast-job [role="alert"]')?.textContent).toContain("does not exist");
  });
});

describe("a result", () => {
  it("does not repeat the outputs, which come first", () => {
    const rows = [{ name: "amount", mean: 1.5 }];
    const place = drawn(
      result(
        job({
          state: "succeeded",
          result: { columns: rows, note: 3 },
          outputs: [
            { name: "note", kind: "markdown", value: "hi" },
            { name: "columns", kind: "table", value: rows },
          ],
        }),
        false,
      ),
    );
    expect(place.querySelector("a.value-above")?.getAttribute("href")).toBe("#output-2");
    expect(place.querySelector("table")).toBeNull();
    expect(place.querySelector(".value-number")?.textContent).toBe("3");
    expect(place.querySelector("a[download]")?.getAttribute("href")).toContain("/files/result");
  });
});

describe("a list of jobs", () => {
  it("starts from the page's rows and takes in live ones", async () => {
    document.body.innerHTML = `<script type="application/json" id="rows">${JSON.stringify([job({ state: "started", seq: 3 })])}</script>
      <taskcast-jobs data="rows" states="queued started" limit="10"><table><tr><td>old</td></tr></table></taskcast-jobs>`;
    await settled();
    const rows = () => [...document.querySelectorAll<HTMLElement>("tr[data-job]")];
    expect(rows().map((row) => row.dataset.state)).toEqual(["started"]);
    expect(rows()[0]?.textContent).toContain("x=4, y=4");
    const kept = rows()[0];
    if (FakeSocket.last.readyState !== 1) FakeSocket.last.accept();
    const other = job({ id: "b", created_at: "2025-11-22T06:00:00Z", state: "queued" });
    FakeSocket.last.say({ type: "jobs", jobs: [other], removed: [] });
    await settled();
    expect(rows().map((row) => row.dataset.job)).toEqual(["b", ID]);
    expect(rows()[1]).toBe(kept);
    FakeSocket.last.say({ type: "jobs", jobs: [job({ state: "succeeded", seq: 4 })], removed: ["b"] });
    await settled();
    expect(rows()).toHaveLength(0);
    expect((document.querySelector("taskcast-jobs") as JobsElement).textContent).toContain("No jobs here.");
    socket().close();
  });
});

it("of a list makes only those rows anew that have changed, and all where names were learnt", async () => {
  const file = "33333333-0000-4000-8000-000000000000";
  vi.stubGlobal("fetch", async () => ({
    ok: true,
    text: async () => JSON.stringify({ [file]: "named.csv" }),
  }));
  const rows = [job({ id: "r-1", state: "started" }), job({ id: "r-2", state: "started", args: { file } })];
  document.body.innerHTML = `<script type="application/json" id="many">${JSON.stringify(rows)}</script>
    <taskcast-jobs data="many" limit="10"></taskcast-jobs>`;
  await settled();
  const text = (id: string) => document.querySelector(`tr[data-job="${id}"]`)?.textContent ?? "";
  expect(text("r-2")).toContain(file);
  const made = vi.spyOn(Intl.DateTimeFormat.prototype, "formatToParts");
  const at = { current: 50, total: 200, description: "", steps: [] };
  const list = document.querySelector("taskcast-jobs") as JobsElement;
  list.take({ jobs: [job({ id: "r-1", state: "started", seq: 4, progress: at })], removed: [] });
  await settled();
  expect(text("r-1")).toContain("25 %");
  expect(made).toHaveBeenCalledTimes(1);
  await vi.waitFor(() => expect(text("r-2")).toContain("named.csv"), 2_000);
});

it("takes a report into a row that is far from the screen when it comes near, and an end at once", async () => {
  const tells: ((changes: object[]) => void)[] = [];
  class FakeSight {
    constructor(tell: (changes: object[]) => void) {
      tells.push(tell);
    }
    observe = vi.fn();
    unobserve = vi.fn();
    disconnect = vi.fn();
  }
  vi.stubGlobal("IntersectionObserver", FakeSight);
  const at = (current: number) => ({ current, total: 200, description: "", steps: [] });
  const running = (seq: number, current: number) =>
    job({ id: "r-1", state: "started", seq, progress: at(current) });
  document.body.innerHTML = `<script type="application/json" id="far">${JSON.stringify([running(1, 10)])}</script>
    <taskcast-jobs data="far" limit="10"></taskcast-jobs>`;
  await settled();
  const list = document.querySelector("taskcast-jobs") as JobsElement;
  const row = () => list.querySelector('tr[data-job="r-1"]') as HTMLElement;
  const see = async (isIntersecting: boolean) => {
    for (const tell of tells) tell([{ target: row(), isIntersecting }]);
    await settled();
  };
  const take = async (changed: Job) => {
    list.take({ jobs: [changed], removed: [] });
    await settled();
    return row().textContent;
  };
  expect(await take(running(2, 50))).toContain("25 %");
  await see(false);
  expect(await take(running(3, 100))).toContain("25 %");
  await see(true);
  expect(row().textContent).toContain("50 %");
  await see(false);
  await take(job({ id: "r-1", state: "failed", seq: 4 }));
  expect(row().dataset.state).toBe("failed");
});

it("goes on with a span only while it is on the screen", async () => {
  const observers: FakeSight[] = [];
  class FakeSight {
    constructor(readonly tell: (changes: object[]) => void) {
      observers.push(this);
    }
    observe = vi.fn();
    unobserve = vi.fn();
  }
  vi.stubGlobal("IntersectionObserver", FakeSight);
  vi.useFakeTimers();
  vi.resetModules();
  try {
    const { SpanElement } = await import("../src/elements/span");
    class Span extends SpanElement {}
    customElements.define("test-span", Span);
    const span = new Span();
    span.from = new Date().toISOString();
    document.body.append(span);
    const after = async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
      return span.textContent;
    };
    expect(await after(10_000)).toBe("0.00 s");
    observers[0]?.tell([{ target: span, isIntersecting: true }]);
    expect(await after(0)).toBe("10 s");
    expect(await after(2_000)).toBe("12 s");
    observers[0]?.tell([{ target: span, isIntersecting: false }]);
    await after(0);
    expect(await after(5_000)).toBe("12 s");
    span.remove();
    expect(observers[0]?.unobserve).toHaveBeenCalledWith(span);
  } finally {
    vi.useRealTimers();
  }
});

it("asks once what the files of a job are called that came later", async () => {
  const [file, other] = ["11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000"];
  const fetched: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    fetched.push(url);
    return { ok: true, text: async () => JSON.stringify({ [file]: "later.csv" }) };
  });
  const then = vi.fn();
  const rows = [job({ args: { file } }), job({ id: "j-2", args: { other, n: 4 } }), job({ id: "j-3" })];
  learn(rows, then);
  learn(rows, then);
  await vi.waitFor(() => expect(then).toHaveBeenCalledTimes(1), 2_000);
  expect(fetched).toEqual([`/jobs/file-names/?job=${ID}&job=j-2`]);
  expect(named({ file, other })).toEqual({ file: "later.csv", other });
});

it("shows files by the names that the server wrote into the page", () => {
  document.body.innerHTML = '<script type="application/json" id="file-names">{"u-1": "data.csv"}</script>';
  expect(named({ file: "u-1", more: ["u-1", "u-2"], n: 4 })).toEqual({
    file: "data.csv",
    more: ["data.csv", "u-2"],
    n: 4,
  });
  expect(
    drawn(facts(job({ args: { file: "u-1" } })))
      .querySelector(".file-name")
      ?.getAttribute("title"),
  ).toBe("u-1");
});

it("folds a long argument, and has it whole", () => {
  const lines = Array.from({ length: 40 }, (_, at) => ({ name: `name ${at}`, at: { x: [at] } }));
  const place = drawn(facts(job({ args: { order: { lines }, short: { a: 1 } } })));
  expect(place.querySelectorAll("details").length).toBe(1);
  expect(place.querySelector("details")?.textContent).toContain("name 39");
});

it("says the connection in words", () => {
  expect(words({ connection: "live", log: "live", met: true, ended: false })).toBe("Live");
  expect(words({ connection: "live", log: "away", met: true, ended: false })).toBe("Event log away");
  expect(words({ connection: "offline", log: "live", met: true, ended: true })).toBe("Signed out");
  expect(words({ connection: "reconnecting", log: "live", met: false, ended: false })).toBe("Connecting…");
  expect(words({ connection: "reconnecting", log: "live", met: true, ended: false })).toBe("Reconnecting…");
  expect(words({ connection: "offline", log: "live", met: false, ended: false, unopened: true })).toBe(
    "Not live: no websocket",
  );
});
