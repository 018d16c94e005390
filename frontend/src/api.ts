// The few calls of /api/v1/ that the pages need.

import { parse } from "./numbers";
import type { Job, JobEvent } from "./types";
import { childrenUrl, healthUrl, jobUrl, uploadsUrl, uploadUrl } from "./urls";

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

export interface EventsPage {
  events: JobEvent[];
  seq: number;
  archived: boolean;
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

export const getEvents = (id: string, after: number, limit: number): Promise<EventsPage> =>
  call<EventsPage>(jobUrl(id, `/events?after=${after}&limit=${limit}`));

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
