// PURE. JSON with whole numbers of any length: JSON.parse alone rounds those past 2^53 without a word.

import type { Json } from "./types";

/** Sixteen digits in a row may be such a number. Most texts have none, and are parsed in one go. */
const LONG = /\d{16}/;
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const WHOLE = /^-?\d+$/;
/** Marks a text that stands for a number; nothing that the server sends holds a NUL. */
const MARK = "\u0000";
const MARKED = /"\\u0000(-?\d+)"/g;

/** As JSON.parse, but a whole number that is too long for JavaScript's own is a `bigint`. */
export function parse(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text);
  const marked = text.replace(TOKEN, (token) =>
    WHOLE.test(token) && !Number.isSafeInteger(Number(token)) ? JSON.stringify(MARK + token) : token,
  );
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(1)) : value,
  );
}

/** As JSON.stringify. */
export function write(json: Json, indent?: number): string {
  const marked = JSON.stringify(
    json,
    (_key, value: unknown) => (typeof value === "bigint" ? MARK + value : value),
    indent,
  );
  return marked.replace(MARKED, "$1");
}
