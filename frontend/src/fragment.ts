// A piece of a page that the server writes anew when it is asked.

import { ApiError } from "./api";
import { morph } from "./morph";

/** Have `element` show what the server says at `src` now. Raises ApiError where that is no such piece. */
export async function refresh(element: Element, src: string): Promise<void> {
  const answer = await fetch(src, { credentials: "same-origin" });
  // A redirect leads to the page to sign in.
  if (answer.redirected) throw new ApiError(401, answer.statusText);
  if (!answer.ok) throw new ApiError(answer.status, answer.statusText);
  const read = new DOMParser().parseFromString(await answer.text(), "text/html");
  morph(element, document.importNode(read.body, true));
}

/** Whether the server refuses: asking again would not help. */
export const isRefused = (error: unknown): boolean => error instanceof ApiError && error.status < 500;
