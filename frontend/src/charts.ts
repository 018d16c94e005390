// PURE. A published table as a chart.

import type { Plot, Tone } from "./plotdata";
import type { Json } from "./types";

type Row = { [column: string]: Json };

const TONES: Tone[] = ["accent", "good", "warn", "lost", "bad", "idle"];
const MOST = 20_000;

/** A series for each column of numbers but the first, which is x; null where there is nothing to draw. */
export function plotOf(name: string, chart: string, rows: Row[]): Plot | null {
  let shown = rows.slice(0, MOST);
  const columns = [...new Set(shown.flatMap(Object.keys))];
  const cells = (column: string) => shown.map((row) => row[column] ?? null);
  const numbers = columns.filter((column) => isOfNumbers(cells(column)));
  const first = columns[0] ?? "";
  const isX = numbers.includes(first) && !cells(first).includes(null) && numbers.length > 1;
  if (isX) shown = [...shown].sort((a, b) => Number(a[first]) - Number(b[first]));
  const series = numbers.filter((column) => !(isX && column === first)).slice(0, TONES.length);
  if (!series.length) return null;
  return {
    label: name,
    x: shown.map((row, n) => (isX ? Number(row[first]) : n + 1)),
    series: series.map((column, n) => ({
      label: column,
      kind: chart === "bars" ? "bars" : "line",
      tone: TONES[n] as Tone,
      values: cells(column).map((cell) => (cell === null ? null : Number(cell))),
    })),
  };
}

const isNumber = (cell: Json): boolean => typeof cell === "number" || typeof cell === "bigint";
const isOfNumbers = (cells: Json[]): boolean =>
  cells.some(isNumber) && cells.every((cell) => cell === null || isNumber(cell));
