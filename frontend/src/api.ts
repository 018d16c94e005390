// The few calls of /api/v1/ that the pages need.

import type { Line } from "./logbook";
import { parse } from "./numbers";
import type { Job } from "./types";
import { childrenUrl, healthUrl, jobUrl, logUrl, uploadsUrl, uploadUrl } from "./urls";

/** The API refused: its `detail`, in words for the reader; `received` is where an upload goes on. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly received?: number,
  ) {
    super(detail);
  }
}

/** A file that comes in pieces: `received` of its bytes are there. */
export interface Uploaded {
  id: string;
  size: number;
  received: number;
}

/** Whether the server answers at all. */
export const isUp = (): Promise<boolean> =>
  fetch(healthUrl()).then(
    (answer) => answer.ok,
    () => false,
  );

export const getJob = (id: string): Promise<Job> => call<Job>(jobUrl(id));

/** The first `limit` children of a job, in the order in which they were launched. */
export const getChildren = (parent: string, limit: number): Promise<Job[]> =>
  call<{ jobs: Job[] }>(childrenUrl(parent, limit)).then(({ jobs }) => jobs);

/** A line of a log: its number, time, level and text. */
type WireLine = [number, string, string, string];
const lineOf = ([number, time, level, text]: WireLine): Line => ({ number, time, level, text });

export interface LinesPage {
  /** The log has `total` lines up to the event `seq`. */
  seq: number;
  total: number;
  lines: Line[];
}

/** `count` lines from a number on; of `level` or graver, where it says one. */
export const getLines = (id: string, from: number, count: number, level = ""): Promise<LinesPage> =>
  call<Omit<LinesPage, "lines"> & { lines: WireLine[] }>(
    logUrl(id, "lines/", { from: String(from), count: String(count), level }),
  ).then((page) => ({ ...page, lines: page.lines.map(lineOf) }));

/** Runs of lines that fit, some of these lines, and from where on to look further. */
export interface Hits {
  total: number;
  runs: [number, number][];
  lines: Line[];
  next: number | null;
}

export const searchLog = (id: string, from: number, q: string, level: string): Promise<Hits> =>
  call<Omit<Hits, "lines"> & { lines: WireLine[] }>(
    logUrl(id, "search/", { from: String(from), q, level }),
  ).then((hits) => ({ ...hits, lines: hits.lines.map(lineOf) }));

export const getFile = <T>(url: string): Promise<T> => call<T>(url);

/** Ask the job to stop; with `force` its process is terminated. */
export const cancelJob = (id: string, force: boolean): Promise<Job> =>
  post<Job>(jobUrl(id, "/cancel"), { force });

export const beginUpload = (name: string, size: number): Promise<Uploaded> =>
  post<Uploaded>(uploadsUrl(), { name, size });

export const getUpload = (id: string): Promise<Uploaded> => call<Uploaded>(uploadUrl(id));

export async function deleteUpload(id: string): Promise<void> {
  // Also while the page is being left.
  await fetch(uploadUrl(id), { method: "DELETE", keepalive: true, headers: { "X-CSRFToken": csrfToken() } });
}

const post = <T>(url: string, body: object): Promise<T> =>
  call<T>(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });

async function call<T>(url: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(url, { credentials: "same-origin", ...init });
  const text = await answer.text();
  if (answer.ok) return parse(text) as T;
  throw problemOf(answer.status, answer.statusText, text);
}

/** The problem document that the API answered with; what came from a proxy is none, and has only its status. */
export function problemOf(status: number, statusText: string, text: string): ApiError {
  let problem: { detail?: string; title?: string; received?: number } = {};
  try {
    problem = JSON.parse(text);
  } catch {
    // A page of a proxy's own.
  }
  return new ApiError(status, problem.detail ?? problem.title ?? statusText, problem.received);
}

/** What a form of ours has to send along. */
export const csrfToken = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
