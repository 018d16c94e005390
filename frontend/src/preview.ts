// PURE. The beginning of a table in a file, read as text: what one chose is seen before it is sent.

/** Bytes that are read, and rows and columns that are shown. */
export const MOST_BYTES = 64 * 1024;
const MOST_ROWS = 8;
const MOST_COLUMNS = 12;
const MOST_CHARACTERS = 80;
const DELIMITERS = [",", "\t", ";", "|"];

export interface Preview {
  head: string[];
  rows: string[][];
  columns: number;
  /** As it was read: `utf-8`, or `euc-kr` where it is none. */
  encoding: string;
}

export const isTable = ({ name, type }: { name: string; type: string }): boolean =>
  /\.(csv|tsv)$/i.test(name) || type === "text/csv" || type === "text/tab-separated-values";

/** null where it is no text, or has no row. `whole`: there is no more of the file than these bytes. */
export function previewOf(bytes: Uint8Array, whole: boolean): Preview | null {
  const read = decode(bytes, whole);
  if (!read) return null;
  const best = DELIMITERS.map((delimiter) => parse(read.text, delimiter, whole)).reduce((one, other) =>
    fits(other) > fits(one) ? other : one,
  );
  const [head, ...rows] = best;
  if (!head) return null;
  const shown = (row: string[]) => row.slice(0, MOST_COLUMNS).map((cell) => cell.slice(0, MOST_CHARACTERS));
  const columns = Math.max(...best.map((row) => row.length));
  return { head: shown(head), rows: rows.map(shown), columns, encoding: read.encoding };
}

function decode(bytes: Uint8Array, whole: boolean): { text: string; encoding: string } | null {
  for (const encoding of ["utf-8", "euc-kr"]) {
    try {
      // Cut in the middle of a character is not wrong.
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: !whole });
      return text.includes("\0") ? null : { text, encoding };
    } catch {
      // The next one.
    }
  }
  return null;
}

/** How well a delimiter fits: rows that have as many cells as the first, where that is more than one. */
function fits(rows: string[][]): number {
  const cells = rows[0]?.length ?? 0;
  return cells < 2 ? 0 : rows.filter((row) => row.length === cells).length * 1000 + cells;
}

/** The head and the first rows; of a text that was cut, without the last line, which may be cut too. */
function parse(text: string, delimiter: string, whole: boolean): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const end = () => {
    row.push(cell);
    // A line without anything is no row.
    if (row.length > 1 || cell.trim() !== "") rows.push(row);
    row = [];
    cell = "";
  };
  for (let at = 0; at < text.length && rows.length <= MOST_ROWS; at += 1) {
    const sign = text[at] as string;
    if (quoted && sign === '"' && text[at + 1] === '"') {
      cell += sign;
      at += 1;
    } else if (quoted) {
      if (sign === '"') quoted = false;
      else cell += sign;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === delimiter) {
      row.push(cell);
      cell = "";
    } else if (sign === "\n" || sign === "\r") {
      if (sign === "\r" && text[at + 1] === "\n") at += 1;
      end();
    } else cell += sign;
  }
  if (rows.length <= MOST_ROWS && (whole || rows.length === 0)) end();
  return rows.slice(0, MOST_ROWS + 1);
}
