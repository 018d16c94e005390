import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Cells, grid, STATES, step, type Told } from "../src/cells";
import "../src/elements/counts";
import "../src/elements/failures";
import "../src/elements/heatmap";
import { morph } from "../src/morph";
import { jobFeed } from "../src/page";
import { blankJob } from "../src/store";
import type { Job, State } from "../src/types";
import { FakeSocket, tick } from "./fakesocket";

const hex = (n: number): string => n.toString(16).padStart(32, "0");
const uuid = (n: number): string => `00000000-0000-0000-0000-${n.toString(16).padStart(12, "0")}`;
const digits = (states: State[]): string => states.map((state) => STATES.indexOf(state)).join("");
const told = (states: State[], more: Partial<Told> = {}): Told => ({
  change: 1,
  whole: true,
  ids: states.map((_, n) => hex(n)).join(""),
  states: digits(states),
  rows: states.map((_, n) => n + 1),
  shares: {},
  ...more,
});

describe("the cells of a map", () => {
  it("are those that were told, in that order, and change where they stand", () => {
    const cells = new Cells();
    expect(cells.take(told(["queued", "started", "failed"], { shares: { 1: 0.5 } }))).toBe("all");
    expect(cells.list[1]).toEqual({ id: uuid(1), state: "started", row: 2, share: 0.5 });
    const change = {
      change: 2,
      whole: false,
      ids: hex(0) + hex(9),
      states: digits(["succeeded", "queued"]),
      rows: [1, 10],
    };
    expect(cells.take(told([], change))).toEqual([0, 3]);
    expect(cells.counts()).toEqual({ succeeded: 1, started: 1, failed: 1, queued: 1 });
    expect(cells.change).toBe(2);
  });

  it("leave a final state for nothing, whatever comes late", () => {
    const cells = new Cells();
    cells.take(told(["failed"]));
    expect(cells.take(told(["started"], { whole: false }))).toEqual([]);
    expect(cells.hear([{ ...blankJob(uuid(0)), parent: "p", state: "started" }], "p")).toEqual([]);
  });

  it("hear of the children of their own job alone", () => {
    const cells = new Cells();
    cells.take(told(["queued", "queued"]));
    const progress = { current: 3, total: 4, description: "", steps: [] };
    const job: Job = { ...blankJob(uuid(1)), parent: "p", state: "started", progress };
    expect(cells.hear([job, { ...job, id: uuid(0), parent: "other" }], "p")).toEqual([1]);
    expect(cells.list.map(({ share }) => share)).toEqual([null, 0.75]);
  });
});

it("makes cells as large as they fit, and never too small to see", () => {
  expect(grid(40, 1000, 60, 1)).toEqual({ cell: 28, columns: 35, rows: 2 });
  expect(grid(400, 1000, 128, 1)).toMatchObject({ cell: 17 });
  expect(grid(10_000, 328, 320, 3)).toEqual({ cell: 24, columns: 41, rows: 244 });
  expect(grid(0, 300, 60, 1).rows).toBe(0);
});

it("leads the keys from cell to cell", () => {
  const from = (key: string, at: number) => step(key, at, 100, 10, 4);
  expect(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].map((key) => from(key, 55))).toEqual([
    54, 56, 45, 65,
  ]);
  expect(["ArrowLeft", "ArrowUp", "Home", "PageUp"].map((key) => from(key, 0))).toEqual([0, 0, 0, 0]);
  expect(["ArrowRight", "ArrowDown", "End", "PageDown"].map((key) => from(key, 99))).toEqual([
    99, 99, 99, 99,
  ]);
  expect([from("PageDown", 5), from("PageUp", 95), from("a", 5)]).toEqual([45, 55, null]);
});

it("takes over what the server wrote, and leaves alone what is the same", () => {
  document.body.innerHTML =
    '<div id="old"><p class="a">one</p><ul><li id="x"><details open><summary>X</summary></details></li><li id="y">Y</li></ul></div>';
  const old = document.getElementById("old") as HTMLElement;
  const [x, p] = [old.querySelector("#x"), old.querySelector("p")];
  const fresh = document.createElement("div");
  fresh.innerHTML =
    '<p class="b">two</p><ul><li id="w">W</li><li id="x"><details><summary>X2</summary></details></li></ul>';
  morph(old, fresh);
  expect(old.innerHTML).toBe(
    '<p class="b">two</p><ul><li id="w">W</li><li id="x"><details open=""><summary>X2</summary></details></li></ul>',
  );
  expect([old.querySelector("#x"), old.querySelector("p")]).toEqual([x, p]);
});

describe("on the page of a job", () => {
  let n = 0;
  let parent: string;
  let asked: string[];
  let answers: Record<string, () => string>;

  beforeEach(() => {
    vi.useFakeTimers();
    parent = `7b1c0b0e-4f2a-4b0e-9a51-00000000000${n++}`;
    asked = [];
    answers = {
      children: () => JSON.stringify(told(["failed", "started", "queued"])),
      failures: () => '<section class="failures"><ol><li id="failure-1">1</li></ol></section>',
    };
    vi.stubGlobal("WebSocket", Object.assign(FakeSocket, { OPEN: 1 }));
    vi.stubGlobal("fetch", async (url: string) => {
      const what = /(children|failures)\//.exec(url)?.[1];
      if (what) asked.push(url);
      const body = what ? answers[what]?.() : url.includes("events") ? '{"events":[],"seq":0}' : "{}";
      return { ok: true, redirected: false, text: async () => body };
    });
  });

  afterEach(() => {
    document.body.replaceChildren();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  async function open(children: Record<string, number>): Promise<void> {
    jobFeed(parent).start({
      job: { ...blankJob(parent), state: "started", children },
      epoch: 1,
      seq: 0,
      events: [],
    });
    document.body.innerHTML = `<taskcast-counts job="${parent}"></taskcast-counts>
      <taskcast-heatmap job="${parent}" size="small"></taskcast-heatmap>
      <taskcast-failures job="${parent}" failed="1" src="/jobs/${parent}/failures/"></taskcast-failures>`;
    await vi.advanceTimersByTimeAsync(50);
    FakeSocket.last.accept();
    FakeSocket.last.say(tick);
    await vi.advanceTimersByTimeAsync(50);
  }

  /** The connection stays alive meanwhile. */
  async function pass(seconds: number): Promise<void> {
    for (let n = 0; n < seconds; n += 5) {
      FakeSocket.last.say(tick);
      await vi.advanceTimersByTimeAsync(5_000);
    }
  }

  function moved(seq: number, children: Record<string, number>): void {
    const event = { seq, time: "2025-11-22T05:00:00Z", kind: "child", set: { children } };
    FakeSocket.last.say({ type: "events", topic: `job:${parent}`, epoch: 1, events: [event] });
  }

  it("is asked for once, then for what has changed, until it says what the job says", async () => {
    await open({ failed: 1, started: 1, queued: 1 });
    expect(asked).toEqual([`/jobs/${parent}/children/`]);
    await pass(20);
    expect(asked.length).toBe(1);
    answers.children = () => JSON.stringify(told([], { change: 1, whole: false, rows: null }));
    moved(1, { failed: 1, started: 1, succeeded: 1 });
    await vi.advanceTimersByTimeAsync(3_000);
    answers.children = () =>
      JSON.stringify(
        told([], { change: 2, whole: false, rows: [3], ids: hex(2), states: digits(["succeeded"]) }),
      );
    await pass(60);
    expect(asked.slice(1)).toEqual(Array(asked.length - 1).fill(`/jobs/${parent}/children/?since=1`));
    expect(asked.length).toBe(4);
  });

  it("asks for nothing in a tab that nobody sees, and again once somebody does", async () => {
    await open({ failed: 1, started: 1, queued: 1 });
    const hidden = vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    moved(1, { failed: 2, started: 1 });
    await pass(30);
    expect(asked.length).toBe(1);
    hidden.mockReturnValue(false);
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(2_500);
    expect(asked.some((url) => url.includes("since"))).toBe(true);
    expect(asked.some((url) => url.includes("failures"))).toBe(true);
  });

  it("shows what went wrong anew when more have failed, and counts at once", async () => {
    await open({ failed: 1, queued: 2 });
    moved(1, { failed: 2, queued: 1 });
    await vi.advanceTimersByTimeAsync(100);
    const counts = [...document.querySelectorAll(".counts li")].map((one) =>
      one.textContent?.replace(/\s+/g, " ").trim(),
    );
    expect(counts).toEqual(["Failed 2", "Waiting 1"]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(document.querySelector("taskcast-failures li")?.textContent).toBe("1");
  });

  it("says of each cell that the keys lead to what its job is about", async () => {
    await open({ failed: 1, started: 1, queued: 1 });
    const box = document.querySelector(".heat-box") as HTMLElement;
    const press = async (key: string) => {
      box.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      await vi.advanceTimersByTimeAsync(20);
      const option = box.querySelector("[role=option]") as HTMLElement;
      expect(box.getAttribute("aria-activedescendant")).toBe(option.id);
      return option.getAttribute("aria-label");
    };
    expect(await press("Home")).toBe("row 1: Failed");
    expect(await press("End")).toBe("row 3: Waiting");
    expect(await press("ArrowLeft")).toBe("row 2: Running");
  });
});
