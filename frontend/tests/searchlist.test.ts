import { expect, it } from "vitest";
import type { View } from "../src/joblist";
import { cursorOf, SearchList } from "../src/searchlist";
import { blankJob } from "../src/store";
import type { Job, State } from "../src/types";

const view = (fields: Partial<View> = {}): View => ({
  states: [],
  tasks: [],
  owner: "",
  parent: "",
  oldest: false,
  limit: 3,
  fixed: false,
  ...fields,
});
const job = (id: string, state: State = "started", seq = 1): Job => ({
  ...blankJob(id),
  state,
  seq,
  created_at: `2025-11-22T05:00:0${id}.000000+00:00`,
});
const ids = (list: SearchList): string => list.rows.map((row) => row.id).join("");
const take = (list: SearchList, ...jobs: Job[]): boolean => list.take({ jobs, removed: [] });

it("lets new jobs wait while somebody is at the list, and rows stay where they are", () => {
  const list = new SearchList(view(), [job("3"), job("2"), job("1")], null, "cursor");
  list.isHolding = true;
  expect(take(list, job("5"), job("2", "succeeded", 2), job("4"))).toBe(true);
  expect(ids(list)).toBe("321");
  expect(list.rows[1]?.state).toBe("succeeded");
  expect([...list.held.keys()]).toEqual(["5", "4"]);
  take(list, job("5", "failed", 2));
  expect(list.held.get("5")?.state).toBe("failed");
  list.admit();
  expect(ids(list)).toBe("543");
  expect(list.held.size).toBe(0);
  expect(list.next).toBe(cursorOf(job("3")));
});

it("takes them in by itself while nobody is", () => {
  const list = new SearchList(view(), [job("1")], null, "");
  const { version } = list;
  take(list, job("2"));
  expect(ids(list)).toBe("21");
  expect(list.version).toBeGreaterThan(version);
});

it("keeps a row whose state was not asked for until rows may move", () => {
  const list = new SearchList(view({ states: ["started"] }), [job("2"), job("1")], null, "");
  list.isHolding = true;
  take(list, job("2", "failed", 2));
  expect(ids(list)).toBe("21");
  take(list, job("2", "started", 3));
  list.admit();
  expect(ids(list)).toBe("21");
  take(list, job("1", "failed", 2));
  list.isHolding = false;
  take(list, job("2", "started", 4));
  expect(ids(list)).toBe("2");
});

it("takes off what the reader may no longer see, also what waits", () => {
  const list = new SearchList(view(), [job("2"), job("1")], null, "");
  list.isHolding = true;
  take(list, job("3"));
  expect(list.take({ jobs: [], removed: ["3", "1"] })).toBe(true);
  expect(ids(list)).toBe("2");
  expect(list.held.size).toBe(0);
});

it("leaves out what is older than the last row: that comes by reading on", () => {
  const list = new SearchList(view({ limit: 2 }), [job("5"), job("4")], null, "cursor");
  take(list, job("1"));
  expect(ids(list)).toBe("54");
  list.append([job("3"), job("1"), job("4")], "");
  expect(ids(list)).toBe("5431");
  take(list, job("6"));
  expect(ids(list)).toBe("6543");
});

it("takes nothing in where only the server can tell", () => {
  const list = new SearchList(view({ fixed: true }), [job("2")], null, "");
  expect(take(list, job("3"))).toBe(false);
  expect(take(list, job("2", "failed", 2))).toBe(true);
  expect(ids(list)).toBe("2");
});

it("puts what is read on to in the order of the list", () => {
  const ran = (id: string, seconds: number): Job => ({
    ...job(id, "succeeded"),
    started_at: "2025-11-22T05:00:00Z",
    finished_at: `2025-11-22T05:00:${seconds}Z`,
  });
  const list = new SearchList(view({ fixed: true }), [ran("1", 30), ran("2", 10)], null, "c", "longest");
  list.append([ran("3", 20), job("4", "queued")], "");
  expect(ids(list)).toBe("1324");
});

it("writes cursors as the server does", () => {
  const at = { ...job("1"), id: "7b1c0b0e-4f2a-4b0e-9a51-0d2a6f5f4c11" };
  const cursor = (created_at: string): string => cursorOf({ ...at, created_at });
  expect(cursor("2025-11-22T05:00:00.123456+00:00")).toBe(
    "1763787600123456.7b1c0b0e4f2a4b0e9a510d2a6f5f4c11",
  );
  expect(cursor("2025-11-22T05:00:00+00:00")).toBe("1763787600000000.7b1c0b0e4f2a4b0e9a510d2a6f5f4c11");
});
