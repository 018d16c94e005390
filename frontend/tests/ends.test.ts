import { expect, it } from "vitest";
import { Ends } from "../src/ends";
import { blankJob } from "../src/store";
import type { Job } from "../src/types";

const OPENED = "2025-11-22T05:00:00Z";
const job = (id: string, fields: Partial<Job> = {}): Job => ({ ...blankJob(id), owner: "alice", ...fields });
const ended = (id: string, at: string, fields: Partial<Job> = {}): Job =>
  job(id, { state: "failed", finished_at: at, ...fields });
const ids = (jobs: Job[]): string => jobs.map((one) => one.id).join("");
const ends = (): Ends => new Ends("alice", Date.parse(OPENED));

it("tells of a job that was seen while it ran, once", () => {
  const of = ends();
  expect(ids(of.take([job("a", { state: "started" })]))).toBe("");
  // A clock that is behind does not hide it.
  expect(ids(of.take([ended("a", "2025-11-22T04:59:59Z")]))).toBe("a");
  expect(ids(of.take([ended("a", "2025-11-22T04:59:59Z", { seq: 9 })]))).toBe("");
});

it("tells of a job that began and ended between two looks, and not of what the page began with", () => {
  const of = ends();
  expect(ids(of.take([ended("a", "2025-11-22T04:59:00Z"), ended("b", "2025-11-22T05:00:01Z")]))).toBe("b");
});

it("leaves out jobs of others, and what a job sent off", () => {
  const of = ends();
  const late = "2025-11-22T05:00:01Z";
  expect(of.take([ended("a", late, { owner: "bob" }), ended("b", late, { owner: null })])).toEqual([]);
  expect(of.take([ended("c", late, { parent: "p" })])).toEqual([]);
});

it("names what is to be asked about after a pause", () => {
  const of = ends();
  of.take([job("a", { state: "queued" }), job("b", { state: "started" })]);
  of.take([ended("b", "2025-11-22T05:00:01Z")]);
  expect(of.unfinished()).toEqual(["a"]);
});
