// PURE. Rows of a table in the order of one of their columns.

import type { Json } from "./types";

type Row = { [column: string]: Json };

/** Numbers before texts, texts as people sort them; what is empty stays at the end either way. */
export function sorted(rows: Row[], column: string | null, down: boolean): Row[] {
  if (column === null) return rows;
  const sign = down ? -1 : 1;
  const order = new Intl.Collator(undefined, { numeric: true });
  return [...rows].sort((one, other) => {
    const [a, b] = [one[column] ?? null, other[column] ?? null];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * compared(a, b, order);
  });
}

function compared(a: Json, b: Json, order: Intl.Collator): number {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : Number(a > b);
  if (isNumber(a) || isNumber(b)) return isNumber(a) ? -1 : 1;
  return order.compare(text(a), text(b));
}

const isNumber = (cell: Json): cell is number | bigint =>
  typeof cell === "number" || typeof cell === "bigint";
const text = (cell: Json): string => (typeof cell === "string" ? cell : JSON.stringify(cell));
