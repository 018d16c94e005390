import { expect, it } from "vitest";
import { JobList, type View } from "../src/joblist";
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
  created_at: `2025-11-22T05:00:0${id}Z`,
});
const ids = (list: JobList): string => list.rows.map((row) => row.id).join("");

it("puts new jobs on top and keeps to its length", () => {
  const list = new JobList(view(), [job("2"), job("1")]);
  expect(list.take({ jobs: [job("4"), job("3")], removed: [] })).toBe(true);
  expect(ids(list)).toBe("432");
});

it("changes a row in place, and not backwards", () => {
  const list = new JobList(view(), [job("2", "started", 5), job("1")]);
  expect(list.take({ jobs: [job("2", "queued", 1)], removed: [] })).toBe(false);
  expect(list.take({ jobs: [job("1", "succeeded", 2)], removed: [] })).toBe(true);
  expect(ids(list)).toBe("21");
  expect(list.rows[1]?.state).toBe("succeeded");
});

it("lets a final state through whatever the numbers say: an epoch may have begun anew", () => {
  const list = new JobList(view(), [job("1", "started", 90)]);
  list.take({ jobs: [job("1", "lost", 3)], removed: [] });
  expect(list.rows[0]?.state).toBe("lost");
});

it("drops a job that no longer belongs to it, or to the reader", () => {
  const list = new JobList(view({ states: ["started"] }), [job("2"), job("1")]);
  list.take({ jobs: [job("2", "failed", 2), job("3", "queued")], removed: ["1"] });
  expect(ids(list)).toBe("");
});

it("takes no rows in where only the server can search", () => {
  const list = new JobList(view({ fixed: true, limit: 1 }), [job("2"), job("1")]);
  expect(list.take({ jobs: [job("3")], removed: [] })).toBe(false);
  list.take({ jobs: [job("1", "failed", 2)], removed: [] });
  expect(ids(list)).toBe("21");
});

it("filters by task and owner", () => {
  const list = new JobList(view({ owner: "alice", tasks: ["add"] }), []);
  list.take({ jobs: [job("1"), { ...job("2"), owner: "alice", task: "add" }], removed: [] });
  expect(ids(list)).toBe("2");
});

it("has the children of one job, from the first on", () => {
  const list = new JobList(view({ parent: "p", oldest: true, limit: 2 }), [{ ...job("1"), parent: "p" }]);
  const others = [job("2"), { ...job("4"), parent: "p" }, { ...job("3"), parent: "p" }];
  expect(list.take({ jobs: others, removed: [] })).toBe(true);
  expect(ids(list)).toBe("13");
});
