import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { JobListElement } from "../src/elements/joblist";
import "../src/elements/joblist";
import "../src/elements/picks";
import "../src/elements/search";
import { blankJob } from "../src/store";
import type { Job } from "../src/types";
import { FakeSocket } from "./fakesocket";

const job = (n: number, fields: Partial<Job> = {}): Job => ({
  ...blankJob(`7b1c0b0e-4f2a-4b0e-9a51-0d2a6f5f4c${String(n).padStart(2, "0")}`),
  task: "a.b",
  state: "started",
  created_at: `2025-11-22T05:00:${String(n).padStart(2, "0")}.000000+00:00`,
  ...fields,
});
const row = ({ id }: Job, checked = ""): string =>
  `<tr data-job="${id}"><td><input type="checkbox" name="job" value="${id}" ${checked}></td></tr>`;

const tick = () => new Promise((resolve) => setTimeout(resolve, 10));

/** All of a page at once: its script runs when the whole of it is there. */
function show(text: string): void {
  const place = document.createElement("div");
  place.innerHTML = text;
  document.body.append(place);
}

function page(jobs: Job[], ticked = 0): JobListElement {
  show(`<div class="page-head"></div>
    <script type="application/json" id="jobs-data">${JSON.stringify(jobs)}</script>
    <form><taskcast-picks><label class="pick-all"><input type="checkbox"></label><span class="picked"></span>
      <span class="list-new"><button type="button" hidden></button><span role="status"></span></span>
      <button name="action" value="cancel">Cancel</button></taskcast-picks>
    <taskcast-job-list data="jobs-data" limit="50" next="5.ab" query="q=x" more="/jobs/more/">
      <table class="jobs"><thead><tr><th>State</th></tr></thead>
      <tbody>${jobs.map((one, i) => row(one, i < ticked ? "checked" : "")).join("")}</tbody></table></taskcast-job-list></form>
    <nav class="pager"><span class="reached"></span><span class="go-on"><a href="?">Older</a></span></nav>`);
  return document.querySelector("taskcast-job-list") as JobListElement;
}

const find = <T extends HTMLElement>(selector: string): T => document.querySelector<T>(selector) as T;
const boxes = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>("[name=job]")];
const rows = (): number => document.querySelectorAll("tr[data-job]").length;

beforeEach(() => {
  vi.stubGlobal("WebSocket", Object.assign(FakeSocket, { OPEN: 1 }));
});
afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

it("keeps the ticks and the server's head, and counts", async () => {
  const list = page([job(3), job(2), job(1)], 2);
  await list.updateComplete;
  await tick();
  expect(boxes().map((box) => box.checked)).toEqual([true, true, false]);
  expect(find(".picked").textContent).toBe("2 selected");
  expect(find("thead th").textContent).toBe("State");
  expect(find<HTMLInputElement>(".pick-all input").indeterminate).toBe(true);
  boxes()[2]?.click();
  expect(find<HTMLInputElement>(".pick-all input").checked).toBe(true);
  find<HTMLInputElement>(".pick-all input").click();
  expect(boxes().some((box) => box.checked)).toBe(false);
  expect(find<HTMLButtonElement>("[name=action]").disabled).toBe(true);
});

it("ticks with Shift from one row to another", async () => {
  const list = page([job(4), job(3), job(2), job(1)]);
  await list.updateComplete;
  await tick();
  boxes()[0]?.click();
  const last = boxes()[2] as HTMLInputElement;
  last.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
  expect(boxes().filter((box) => box.checked)).toHaveLength(3);
});

it("offers new jobs where somebody has ticked a row, which stays ticked", async () => {
  const list = page([job(3), job(2)], 1);
  await list.updateComplete;
  await tick();
  list.take({ jobs: [job(4), job(5), job(3, { state: "succeeded", seq: 9 })], removed: [] });
  await list.updateComplete;
  const button = find<HTMLButtonElement>(".list-new button");
  expect([rows(), button.hidden, button.textContent]).toEqual([2, false, "2 new jobs"]);
  expect(boxes()[0]?.checked).toBe(true);
  button.click();
  await list.updateComplete;
  expect([rows(), button.hidden]).toEqual([4, true]);
  expect(boxes().map((box) => box.checked)).toEqual([false, false, true, false]);
  expect(find(".picked").textContent).toBe("1 selected");
});

it("reads on in place, and the address keeps how far", async () => {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return { ok: true, text: async () => JSON.stringify({ jobs: [job(1)], next: null, reached: null }) };
  });
  const list = page([job(3), job(2)]);
  await list.updateComplete;
  find<HTMLAnchorElement>(".go-on a").click();
  await vi.waitFor(() => expect(rows()).toBe(3));
  expect(asked).toEqual(["/jobs/more/?q=x&cursor=5.ab"]);
  await vi.waitFor(() => expect(location.search).toContain("limit=50"));
  expect(find(".go-on").hidden).toBe(true);
});

it("says where a search gave up, and where it goes on", async () => {
  const answer = { jobs: [], next: "9.cd", reached: "2025-11-01T00:00:00+00:00" };
  vi.stubGlobal("fetch", async () => ({ ok: true, text: async () => JSON.stringify(answer) }));
  const list = page([job(3)]);
  await list.updateComplete;
  find<HTMLAnchorElement>(".go-on a").click();
  await vi.waitFor(() => expect(find(".reached").textContent).toContain("Searched as far as 2025-11-01"));
  expect(find<HTMLAnchorElement>(".go-on a").search).toBe("?q=x&cursor=9.cd");
});

it("offers the language of the search by keyboard", async () => {
  const words = {
    qualifiers: [
      ["state", "in"],
      ["since", "then"],
    ],
    values: { state: [["failed", "Failed"]] },
    args: {},
  };
  vi.stubGlobal("fetch", async () => ({ ok: true, text: async () => JSON.stringify(words) }));
  show(`<taskcast-search words="/w/"><input type="search"></taskcast-search>`);
  const input = find<HTMLInputElement>("input");
  const press = (key: string) =>
    input.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  input.focus();
  input.value = "s";
  input.setSelectionRange(1, 1);
  input.dispatchEvent(new Event("input"));
  await vi.waitFor(() => expect(document.querySelectorAll("[role=option]")).toHaveLength(2));
  expect(input.getAttribute("aria-expanded")).toBe("true");
  expect(press("Enter")).toBe(true);
  press("ArrowDown");
  expect(input.getAttribute("aria-activedescendant")).toBe("taskcast-suggestion-0");
  expect(press("Enter")).toBe(false);
  await vi.waitFor(() => expect(input.value).toBe("state:"));
  await vi.waitFor(() => expect(find("[role=option] code").textContent).toBe("state:failed"));
  press("ArrowUp");
  press("Enter");
  expect(input.value).toBe("state:failed ");
  expect(find("ul").hidden).toBe(true);
});
