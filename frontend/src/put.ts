// One piece of an upload on its way. By XMLHttpRequest, since `fetch` does not tell how far a body has come.

import { csrfToken, problemOf, type Uploaded } from "./api";
import { parse } from "./numbers";
import { uploadUrl } from "./urls";

/** A connection on which nothing moves for so long is taken for broken: TCP alone would notice after minutes. */
const STALLED_MS = 30_000;

/**
 * Send `piece`, which begins at `offset`; `moved` is told how many of its bytes have gone out. Rejects with ApiError
 * where the server refuses, with another error where no answer came.
 */
export function putPiece(
  id: string,
  offset: number,
  piece: ArrayBuffer,
  moved: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let stalled = setTimeout(stop, STALLED_MS);
    request.upload.onprogress = ({ loaded }) => {
      clearTimeout(stalled);
      stalled = setTimeout(stop, STALLED_MS);
      moved(loaded);
    };
    request.onloadend = () => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", stop);
      if (request.status === 0) reject(new Error("no answer"));
      else if (request.status === 200) resolve(parse(request.responseText) as unknown as Uploaded);
      else reject(problemOf(request.status, request.statusText, request.responseText));
    };
    signal.addEventListener("abort", stop);
    request.open("PUT", uploadUrl(id, offset));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.send(piece);
  });
}
