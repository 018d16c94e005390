// The few calls of /api/v1/ that the pages need.

import { parse } from "./numbers";
import type { Job, JobEvent } from "./types";
import { jobUrl } from "./urls";

/** The API refused: its `detail`, in words for the reader. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

export interface EventsPage {
  events: JobEvent[];
  seq: number;
  archived: boolean;
}

export const getJob = (id: string): Promise<Job> => call<Job>(jobUrl(id));

export const getEvents = (id: string, after: number, limit: number): Promise<EventsPage> =>
  call<EventsPage>(jobUrl(id, `/events?after=${after}&limit=${limit}`));

export const getFile = <T>(url: string): Promise<T> => call<T>(url);

/** Ask the job to stop; with `force` its process is terminated. */
export const cancelJob = (id: string, force: boolean): Promise<Job> =>
  call<Job>(jobUrl(id, "/cancel"), {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify({ force }),
  });

async function call<T>(url: string, init: RequestInit = {}): Promise<T> {
  const answer = await fetch(url, { credentials: "same-origin", ...init });
  if (answer.ok) return parse(await answer.text()) as T;
  const problem = (await answer.json().catch(() => ({}))) as { detail?: string; title?: string };
  throw new ApiError(answer.status, problem.detail ?? problem.title ?? answer.statusText);
}

/** What a form of ours has to send along. */
export const csrfToken = (): string =>
  document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
