// What files that stand in arguments by their upload's id are called: the server writes the names into the page.

import { pageData } from "./page";
import type { Json } from "./types";

let names: Record<string, string> | null = null;

/** The name of the file with this id; undefined where it is none that the page knows. */
export function fileName(value: Json): string | undefined {
  names ??= pageData<Record<string, string>>("file-names");
  return typeof value === "string" ? names?.[value] : undefined;
}

/** Arguments for people to read: files by their names. */
export function named(args: Record<string, Json> | null): Record<string, Json> {
  const shown = (value: Json): Json => (Array.isArray(value) ? value.map(shown) : (fileName(value) ?? value));
  return Object.fromEntries(Object.entries(args ?? {}).map(([name, value]) => [name, shown(value)]));
}
