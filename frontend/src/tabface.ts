// The tab of a job's page shows how far the job is, in its title and its icon: what one sees of a page in the back.

import { share } from "./elements/bar";
import { jobFeed, pageData } from "./page";
import { isFinal, type Job, type State } from "./types";

/** Icons change in steps of so many percent. */
const STEP = 5;
const MARKS: Partial<Record<State, string>> = { succeeded: "✓", failed: "✗", cancelled: "■", lost: "▲" };
const TONES: Partial<Record<State, string>> = {
  succeeded: "#17713c",
  failed: "#b8232c",
  cancelled: "#566069",
  lost: "#7d35a8",
};
const SHAPES: Partial<Record<State, string>> = {
  succeeded: '<path d="M8 17l6 6 11-13"/>',
  failed: '<path d="M9 9l14 14M23 9L9 23"/>',
  cancelled: '<path d="M11 11h10v10H11z"/>',
  lost: '<path d="M16 8l9 16H7z"/>',
};

export function watchTab(): void {
  const page = pageData<{ job: Job }>("job-data");
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (!page || !icon) return;
  const name = document.title;
  const own = icon.href;
  const feed = jobFeed(page.job.id);
  const show = () => {
    const job = feed.job ?? page.job;
    const title = [mark(job), name].filter(Boolean).join(" ");
    if (document.title !== title) document.title = title;
    const drawn = face(job) ?? own;
    if (icon.href !== drawn) icon.href = drawn;
  };
  feed.listen(show);
  show();
}

/** What stands before the page's own title: `42 % ·`, `✓`. */
export function mark(job: Job): string {
  if (isFinal(job.state)) return MARKS[job.state] ?? "";
  const known = job.progress && share(job.progress);
  return job.state === "started" && typeof known === "number" ? `${Math.floor(known * 100)} % ·` : "";
}

/** The icon as an address; null for the product's own. */
export function face(job: Job): string | null {
  const shape = SHAPES[job.state];
  if (shape) return picture(`<rect width="32" height="32" rx="8" fill="${TONES[job.state]}"/>${shape}`);
  const known = job.progress && share(job.progress);
  if (job.state !== "started" || typeof known !== "number") return null;
  const percent = Math.floor((known * 100) / STEP) * STEP;
  const ring = (tone: string, share: number) =>
    `<circle cx="16" cy="16" r="12" pathLength="100" stroke-dasharray="${share} 100" stroke="${tone}" stroke-width="6" transform="rotate(-90 16 16)"/>`;
  return picture(ring("#8a929c66", 100) + ring("#3f7de8", percent));
}

function picture(inside: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round">${inside}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
