// PURE. How a file is cut into pieces, and how it goes on after one that did not arrive.

import { ApiError } from "./api";

const KIB = 1024;
/** The server takes no more at once. */
const LARGEST = 4096 * KIB;
const SMALLEST = 256 * KIB;

/** The first piece is small: a bar that moves at once tells more than one that waits for 4 MiB. */
export const FIRST = 1024 * KIB;

/** Where the next piece ends. */
export const end = (received: number, size: number, piece: number): number =>
  Math.min(size, received + piece);

/** The next piece after one that arrived: twice as large. */
export const grown = (piece: number): number => Math.min(LARGEST, piece * 2);

/** The next piece after one that was cut off: half, since all of it has to be sent again. */
export const shrunk = (piece: number): number => Math.max(SMALLEST, Math.floor(piece / 2));

/**
 * What to do after `error`, with `received` bytes there as far as we know: go on at a number of bytes, "ask" the server
 * in a while, or "stop".
 */
export function after(error: unknown, received: number): number | "ask" | "stop" {
  if (error instanceof Unreadable) return "stop";
  if (!(error instanceof ApiError)) return "ask";
  // A piece whose answer was lost; or, where we are right, another one that is still being written.
  if (error.received !== undefined) return error.received === received ? "ask" : error.received;
  return PASSING.has(error.status) ? "ask" : "stop";
}

/** Too early, too many; a server that is being started again, or its proxy. */
const PASSING = new Set([408, 425, 429, 502, 503, 504]);

/** The file on the reader's disk is gone, or another one. */
export class Unreadable extends Error {}
