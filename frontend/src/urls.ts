// Every address that the pages' scripts use. `<html data-root>` says where our pages are; a page of somebody else's
// says it where it takes our script: `<script src="…/embed.js" data-taskcast-root="/jobs/">`.

let known: string | undefined;

/** Looked up once: a list asks for each of its rows, and a long page takes long to search. */
function root(): string {
  known ??=
    document.querySelector<HTMLElement>("script[data-taskcast-root]")?.dataset.taskcastRoot ??
    document.documentElement.dataset.root ??
    "/";
  return known;
}

const part = encodeURIComponent;

/** The token of the link by which a page shows one job to whoever has it; there, nothing else can be asked for. */
export const share = (): string | undefined => document.documentElement.dataset.share;

export const jobPage = (id: string): string => `${root()}jobs/${part(id)}/`;
/** The page of the job that is looked at, by an account or by a link. */
const ownPage = (id: string): string => (share() ? `${root()}shared/${share()}/` : jobPage(id));
export const logUrl = (id: string, part = "", query: Record<string, string> = {}): string =>
  `${ownPage(id)}log/${part}${part ? `?${new URLSearchParams(query)}` : ""}`;
export const groupPage = (id: string): string => `${root()}jobs/?group=${part(id)}`;
export const fileNamesUrl = (ids: string[]): string =>
  `${root()}jobs/file-names/?${new URLSearchParams(ids.map((id) => ["job", id]))}`;
export const childrenUrl = (parent: string, limit: number): string =>
  `${root()}api/v1/jobs?${new URLSearchParams({ parent, order: "oldest", limit: String(limit) })}`;
/** The list of a job's children in this state. */
export const childrenPage = (parent: string, state: string): string =>
  `${root()}jobs/?${new URLSearchParams({ parent, order: "oldest", state })}`;
export const cellsUrl = (parent: string, since: number | null): string =>
  `${jobPage(parent)}children/${since === null ? "" : `?since=${since}`}`;
export const jobUrl = (id: string, rest = ""): string =>
  share() ? `${root()}shared/${share()}${rest || "/job"}` : `${root()}api/v1/jobs/${part(id)}${rest}`;
export const fileUrl = (id: string, name: string): string => jobUrl(id, `/files/${part(name)}`);
export const textUrl = (id: string, name: string): string => `${ownPage(id)}text/${part(name)}`;
export const csvUrl = (id: string, name: string): string => `${ownPage(id)}csv/${part(name)}`;
export const uploadUrl = (id: string, offset?: number): string =>
  `${root()}api/v1/uploads/${part(id)}${offset === undefined ? "" : `?offset=${offset}`}`;
export const uploadsUrl = (): string => `${root()}api/v1/uploads`;
export const healthUrl = (): string => `${root()}healthz`;
/** The site's own, which need not be ours. */
export const signInPage = (): string => {
  const page = document.documentElement.dataset.signIn ?? `${root()}accounts/login/`;
  return `${page}?next=${part(location.pathname + location.search)}`;
};

export function socketUrl(): string {
  const url = new URL(`${root()}ws/`, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const token = share();
  if (token) url.searchParams.set("share", token);
  return url.href;
}
