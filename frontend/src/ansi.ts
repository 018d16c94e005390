// PURE. The colours of terminals in a line of a log, as classes. What is parsed becomes text, never markup.

export interface Segment {
  text: string;
  /** Classes, apart by spaces; of styles/ansi.css. */
  style: string;
}

interface Pen {
  fore: number | null;
  back: number | null;
  flags: Set<string>;
}

/** Flags by the number that sets them, and the numbers that take them back. */
const FLAGS: Record<number, string> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "under",
  7: "inverse",
  9: "gone",
};
const BACK: Record<number, string[]> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["under"],
  27: ["inverse"],
  29: ["gone"],
};

export function segments(text: string): Segment[] {
  if (!text.includes("\x1b")) return [{ text, style: "" }];
  const pen: Pen = { fore: null, back: null, flags: new Set() };
  const found: Segment[] = [];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what we look for
  for (const [at, part] of text.split(/\x1b\[([\d;:]*)m/).entries()) {
    if (at % 2) obey(pen, part.split(/[;:]/).map(Number));
    else if (part) found.push({ text: part, style: style(pen) });
  }
  return found;
}

/** The line without its colours. */
export const bare = (text: string): string =>
  segments(text)
    .map((segment) => segment.text)
    .join("");

function obey(pen: Pen, codes: number[]): void {
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] as number;
    if (code === 0) {
      pen.fore = pen.back = null;
      pen.flags.clear();
    } else if (code === 38 || code === 48) {
      const rich = codes[at + 1] === 2;
      const colour = rich ? nearest(codes.slice(at + 2, at + 5)) : ofTable(codes[at + 2] ?? 0);
      if (code === 38) pen.fore = colour;
      else pen.back = colour;
      at += rich ? 4 : 2;
    } else if (FLAGS[code]) pen.flags.add(FLAGS[code]);
    else if (BACK[code]) for (const flag of BACK[code]) pen.flags.delete(flag);
    else if (code === 39) pen.fore = null;
    else if (code === 49) pen.back = null;
    else if ((code >= 30 && code < 38) || (code >= 90 && code < 98)) pen.fore = code % 10;
    else if ((code >= 40 && code < 48) || (code >= 100 && code < 108)) pen.back = code % 10;
  }
}

/** One of 256 as one of our eight, which can be read on light and on dark. */
function ofTable(index: number): number {
  if (index < 16) return index % 8;
  if (index > 231) return index > 243 ? 7 : 0;
  const level = (step: number): number => (Math.floor((index - 16) / step) % 6) * 51;
  return nearest([level(36), level(6), level(1)]);
}

function nearest(colour: number[]): number {
  const [red = 0, green = 0, blue = 0] = colour;
  const middle = Math.max(48, (Math.max(red, green, blue) + Math.min(red, green, blue)) / 2);
  if (Math.max(red, green, blue) - Math.min(red, green, blue) < 32) return red > 127 ? 7 : 0;
  return Number(red > middle) + 2 * Number(green > middle) + 4 * Number(blue > middle);
}

function style({ fore, back, flags }: Pen): string {
  const inverse = flags.has("inverse");
  const ground = inverse ? (fore ?? 7) : back;
  const names = [...flags].filter((flag) => flag !== "inverse").map((flag) => `ansi-${flag}`);
  // On a coloured ground letters are those of the page: two colours together can rarely be read.
  if (ground !== null) names.push(`ansi-on ansi-${ground}`);
  else if (fore !== null) names.push(`ansi-${fore}`);
  return names.join(" ");
}
