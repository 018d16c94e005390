// What crosses the wire: docs/protocol.md in types.

export type State =
  | "scheduled"
  | "queued"
  | "started"
  | "retrying"
  | "succeeded"
  | "failed"
  | "cancelled"
  | "lost";

export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

export interface Progress {
  current: number;
  total: number | null;
  description: string;
  /** In seconds since 1970. */
  started?: number;
  finished?: number;
  steps: Progress[];
}

export interface JobError {
  type: string;
  message: string;
  traceback: string;
}

export interface Output {
  name: string;
  kind: "json" | "table" | "markdown" | "image" | "file";
  value?: Json;
  size?: number;
  rows?: number;
  media_type?: string;
  chart?: "line" | "bars";
}

export interface Job {
  id: string;
  task: string;
  args: Record<string, Json>;
  state: State;
  reason: string | null;
  cancel: null | "asked" | "seen";
  owner: string | null;
  created_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  progress: Progress | null;
  result: Json;
  error: JobError | null;
  outputs: Output[] | null;
  worker: string | null;
  attempt: number;
  parent: string | null;
  root: string | null;
  group: string | null;
  row: number | null;
  retry_of: string | null;
  children: Record<string, number> | null;
  seq: number;
  truncated?: string[];
}

export interface LogLine {
  time: string;
  level: string;
  text: string;
}

export interface JobEvent {
  seq: number;
  time: string;
  kind: "state" | "progress" | "log" | "output" | "child";
  set?: Partial<Job>;
  lines?: LogLine[];
  /** Of its lines so many were too long for the frame. */
  lost?: number;
}

export interface Cursor {
  after: number;
  epoch: number;
}

export type SnapshotFrame = { type: "snapshot"; topic: string; epoch: number; seq: number; job: Job };
export type EventsFrame = { type: "events"; topic: string; epoch: number; events: JobEvent[] };
export type JobsFrame = { type: "jobs"; jobs: Job[]; removed: string[]; more?: boolean };
export type TickFrame = { type: "tick"; time: string; log: "live" | "away" };
export type ErrorFrame = {
  type: "error";
  topic?: string;
  code: "bad_request" | "not_found" | "too_many";
  detail?: string;
};
export type Frame = SnapshotFrame | EventsFrame | JobsFrame | TickFrame | ErrorFrame;

export type Connection = "live" | "reconnecting" | "offline";

const FINAL = new Set<string>(["succeeded", "failed", "cancelled", "lost"]);

export const isFinal = (state: string): boolean => FINAL.has(state);

/** Many jobs of one task, launched together: their parent. */
export const isBatch = (job: Pick<Job, "task">): boolean => job.task === "taskcast.batch";
