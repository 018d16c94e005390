import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bare, segments } from "../src/ansi";
import type { Hits } from "../src/api";
import { LogElement } from "../src/elements/log";
import { lineElement, places, since } from "../src/elements/logline";
import { LogView } from "../src/elements/logview";
import { JobFeed } from "../src/feed";
import { Runs } from "../src/logrows";
import { Scan } from "../src/logscan";
import { Socket } from "../src/socket";
import { blankJob } from "../src/store";
import type { JobEvent } from "../src/types";
import { FakeSocket } from "./fakesocket";

const LOOK = { words: "", times: "clock" as const, start: null, href: "" };
const event = (seq: number, text = `l${seq}`, level = "info"): JobEvent => ({
  seq,
  time: "",
  kind: "log",
  lines: [{ time: "2025-11-22T05:00:01.5Z", level, text }],
});

describe("colours", () => {
  it.each([
    ["plain", [["plain", ""]]],
    [
      "a\x1b[31mred\x1b[0mb",
      [
        ["a", ""],
        ["red", "ansi-1"],
        ["b", ""],
      ],
    ],
    [
      "\x1b[1;92mx\x1b[22my\x1b[39mz",
      [
        ["x", "ansi-bold ansi-2"],
        ["y", "ansi-2"],
        ["z", ""],
      ],
    ],
    ["\x1b[31;44mx", [["x", "ansi-on ansi-4"]]],
    [
      "\x1b[7;33mx\x1b[27my",
      [
        ["x", "ansi-on ansi-3"],
        ["y", "ansi-3"],
      ],
    ],
    [
      "\x1b[38;5;196mr\x1b[38;5;46mg\x1b[38;5;240md",
      [
        ["r", "ansi-1"],
        ["g", "ansi-2"],
        ["d", "ansi-0"],
      ],
    ],
    [
      "\x1b[38;2;250;240;20my\x1b[38:2:20:30:200mb",
      [
        ["y", "ansi-3"],
        ["b", "ansi-4"],
      ],
    ],
    [
      "\x1b[mx\x1b[99mz",
      [
        ["x", ""],
        ["z", ""],
      ],
    ],
  ])("%j", (text, expected) => {
    expect(segments(text).map(({ text, style }) => [text, style])).toEqual(expected);
    expect(bare(text)).toBe(expected.map(([part]) => part).join(""));
  });
});

describe("a line", () => {
  it("is text, whatever it says, and marks what is searched for over colours", () => {
    const text = "<img src=x> Er\x1b[31mROr\x1b[0m";
    const line = lineElement(
      7,
      { number: 7, time: "", level: "error", text },
      { ...LOOK, words: "error", times: "off" },
    );
    expect(line.querySelector("img, time")).toBeNull();
    expect(line.querySelector(".text")?.textContent).toBe("<img src=x> ErROr");
    expect([...line.querySelectorAll("mark")].map((mark) => [mark.textContent, mark.className])).toEqual([
      ["Er", ""],
      ["ROr", "ansi-1"],
    ]);
    expect(line.querySelector("a")?.getAttribute("href")).toBe("#L7");
  });

  it("says its time in full, and since the start", () => {
    const at = { number: 1, time: "2025-11-22T05:00:01.5Z", level: "info", text: "" };
    expect(lineElement(1, at, LOOK).querySelector("time")?.textContent).toMatch(/:01\.500$/);
    const time = lineElement(1, at, { ...LOOK, times: "since", start: "2025-11-22T05:00:00Z" }).querySelector(
      "time",
    );
    expect(time?.textContent).toBe("+0:01.500");
    expect(time?.title).toMatch(/^2025-11-22 /);
    expect(since("2025-11-22T06:02:03.007Z", "2025-11-22T05:00:00Z")).toBe("+1:02:03.007");
    expect(since("2025-11-22T05:00:00Z", "2025-11-22T05:00:00.250Z")).toBe("−0:00.250");
  });

  it("finds words whatever their case", () => {
    expect(places("Ab ab AB", "aB")).toEqual([
      [0, 2],
      [3, 5],
      [6, 8],
    ]);
    expect(places("İ ab", "ab")).toEqual([]);
  });
});

describe("runs of numbers", () => {
  it("answer which number is at an index, and at which index a number is", () => {
    const runs = new Runs();
    const numbers = [3, 4, 5, 9, 20, 21];
    for (const number of numbers) runs.add(number, number);
    expect(runs.size).toBe(6);
    expect(numbers.map((_, index) => runs.at(index))).toEqual(numbers);
    for (let number = 0; number < 25; number++)
      expect(runs.from(number)).toBe(numbers.filter((other) => other < number).length);
  });
});

describe("a search", () => {
  it("goes on look by look, and later with what came meanwhile", async () => {
    vi.useFakeTimers();
    const asked: number[] = [];
    const answers: Hits[] = [
      { total: 90, runs: [[5, 6]], lines: [], next: 51 },
      { total: 90, runs: [[51, 51]], lines: [], next: null },
      { total: 95, runs: [[94, 94]], lines: [], next: null },
    ];
    const scan = new Scan(
      async (from) => {
        asked.push(from);
        return answers.shift() as Hits;
      },
      () => {},
    );
    await scan.more(90);
    await scan.more(95);
    vi.advanceTimersByTime(600);
    await scan.more(95);
    expect(asked).toEqual([1, 51, 91]);
    expect([0, 1, 2, 3].map((at) => scan.runs.at(at))).toEqual([5, 6, 51, 94]);
    vi.useRealTimers();
  });
});

describe("the view", () => {
  /** Browsers without layout: each row is 10 px high, but for wrapped ones. */
  const ROW = 10;
  const WRAPPED = 7;
  let scroller: HTMLElement;
  let drawn = 0;

  beforeEach(() => {
    vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(400);
    vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(600);
    vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockImplementation(function (this: HTMLElement) {
      return Number.parseFloat(this.style.height) || 0;
    });
    vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockImplementation(function (this: HTMLElement) {
      return Number.parseFloat((this.firstElementChild as HTMLElement).style.height) || 0;
    });
    vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(function (this: Element) {
      if (!this.className.includes("log-block")) return { top: 0, bottom: 400, height: 0 } as DOMRect;
      const rows = [...this.children].map((row) => (Number(row.textContent) % WRAPPED ? ROW : 3 * ROW));
      return { top: 0, height: rows.reduce((sum, height) => sum + height, 0) } as DOMRect;
    });
    scroller = document.createElement("div");
    let top = 0;
    Object.defineProperty(scroller, "scrollTop", {
      get: () => top,
      set: (value: number) => {
        top = Math.max(0, Math.min(value, scroller.scrollHeight - 400));
      },
    });
    drawn = 0;
  });

  const view = (size: number): LogView => {
    const made = new LogView(scroller, () => {});
    made.anew({
      size,
      key: (row) => row + 1,
      draw: (row) => {
        drawn += 1;
        const element = document.createElement("div");
        element.textContent = String(row);
        return element;
      },
    });
    return made;
  };
  const scroll = (by: number): void => {
    scroller.scrollTop += by;
    scroller.dispatchEvent(new Event("scroll"));
  };

  it("draws the end of a million rows, few of them, and keeps below what browsers can", () => {
    const log = view(1_000_000);
    expect(log.range[1]).toBe(1_000_000);
    expect(drawn).toBeLessThan(500);
    expect(scroller.scrollHeight).toBe(8_000_000);
    expect(scroller.scrollTop).toBe(8_000_000 - 400);
  });

  it("stays at the end while rows arrive, and where the reader is once he has gone up", () => {
    const log = view(1_000);
    log.size = 1_100;
    log.update();
    expect(log.follow).toBe(true);
    expect(log.range[1]).toBe(1_100);
    scroll(-300);
    expect(log.follow).toBe(false);
    const before = log.range;
    log.size = 1_300;
    log.update();
    expect(log.range[0]).toBe(before[0]);
    log.toEnd();
    expect(log.range[1]).toBe(1_300);
  });

  it("shows rows without a hole, from one end to the other, in small steps and in large ones", () => {
    const log = view(3_000);
    log.toStart();
    const seen = new Set<number>();
    for (let step = 0; step < 2_000 && log.range[1] < 3_000; step++) {
      for (let row = log.range[0]; row < log.range[1]; row++) seen.add(row);
      scroll(137);
    }
    for (let row = log.range[0]; row < log.range[1]; row++) seen.add(row);
    expect(seen.size).toBe(3_000);
    scroll(-scroller.scrollTop);
    expect(log.range[0]).toBe(0);
    scroll(1e9);
    expect(log.range[1]).toBe(3_000);
    expect(log.follow).toBe(true);
  });

  it("comes to any row", () => {
    const log = view(1_000_000);
    for (const row of [0, 1, 777_777, 50, 999_999, 500_000]) {
      log.show(row);
      expect(log.range[0]).toBeLessThanOrEqual(row);
      expect(log.range[1]).toBeGreaterThan(row);
    }
    expect(drawn).toBeLessThan(3_000);
  });
});

describe("a job's log", () => {
  let element: LogElement;
  let feed: JobFeed;

  beforeEach(() => {
    vi.stubGlobal("fetch", async () => ({ ok: true, text: async () => '{"lines":[],"seq":0,"total":0}' }));
    feed = new JobFeed(
      "a",
      new Socket("ws://x/", { connect: (url) => new FakeSocket(url) as unknown as WebSocket }),
    );
    element = new LogElement();
    document.body.append(element);
  });
  afterEach(() => {
    element.remove();
    vi.unstubAllGlobals();
    localStorage.clear();
  });

  const job = (state: "started" | "succeeded") => ({
    ...blankJob("a"),
    state,
    started_at: "2025-11-22T05:00:00Z",
  });
  const start = (lines: number): void => {
    const events = Array.from({ length: lines }, (_, n) => event(n + 1));
    feed.start({ job: { ...job("started"), seq: lines }, epoch: 1, seq: lines, events, lines });
  };
  const texts = (): (string | null)[] =>
    [...element.querySelectorAll(".text")].map((text) => text.textContent);

  it("is one quiet line where there is nothing", () => {
    start(0);
    element.show(feed, job("started"));
    expect(element.textContent).toContain("No lines yet");
    expect(element.querySelector(".log")).toBeNull();
    element.show(feed, job("succeeded"));
    expect(element.textContent).toContain("No log lines");
    expect(element.dataset.complete).toBe("true");
  });

  it("appends only what is new", () => {
    start(3);
    element.show(feed, job("started"));
    const first = element.querySelector(".line");
    feed.replica.events(1, [event(4, "l4", "error")]);
    element.show(feed, job("succeeded"));
    expect(element.querySelector(".line")).toBe(first);
    expect(texts()).toEqual(["l1", "l2", "l3", "l4"]);
    expect(element.querySelector(".log-size")?.textContent).toBe("4 lines");
    expect(element.dataset.complete).toBe("true");
  });

  it("remembers how times are shown", () => {
    start(1);
    element.show(feed, job("started"));
    const times = element.querySelector(".log-times") as HTMLSelectElement;
    times.value = "since";
    times.dispatchEvent(new Event("change"));
    expect(element.querySelector("time")?.textContent).toBe("+0:01.500");
    const other = new LogElement();
    document.body.append(other);
    other.show(feed, job("started"));
    expect(other.querySelector("time")?.textContent).toBe("+0:01.500");
    other.remove();
  });

  it("marks the lines that the address names, and names those that are chosen", () => {
    location.hash = "#L2-L3";
    start(4);
    element.show(feed, job("started"));
    const marked = (): string[] =>
      [...element.querySelectorAll<HTMLElement>(".marked")].map((line) => line.dataset.n ?? "");
    expect(marked()).toEqual(["2", "3"]);
    const number = (n: number): Element => element.querySelector(`[data-n="${n}"] .n`) as Element;
    number(2).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    expect(location.hash).toBe("#L2");
    number(4).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: true }));
    expect(location.hash).toBe("#L2-L4");
    expect(marked()).toEqual(["2", "3", "4"]);
    location.hash = "";
  });
});
