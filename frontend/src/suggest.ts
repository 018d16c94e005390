// PURE. What the search box offers for what is being typed.

/** The words of dashboard/search/suggestions.py: pairs of what is written and what it means. */
export interface Words {
  qualifiers: [string, string][];
  values: Record<string, [string, string][]>;
  /** The arguments of tasks. */
  args: Record<string, string[]>;
}

export interface Suggestions {
  /** Which part of the text a choice takes the place of. */
  from: number;
  to: number;
  items: [text: string, words: string][];
}

const TERM = /(?:[^\s"]|"(?:\\.|[^"\\])*(?:"|$))+/g;
const MOST = 8;

export function suggest(text: string, caret: number, words: Words): Suggestions {
  const found = [...text.matchAll(TERM)].find(
    ({ index, 0: { length } }) => index < caret && caret <= index + length,
  );
  const from = found?.index ?? caret;
  const to = from + (found?.[0].length ?? 0);
  const typed = text.slice(from, caret);
  return { from, to, items: offered(typed, text, words).slice(0, MOST) };
}

function offered(typed: string, text: string, words: Words): [string, string][] {
  if (typed.startsWith('"')) return [];
  const [, minus = "", name = "", value] = /^(-?)([^:]*)(?::(.*))?$/s.exec(typed) ?? [];
  if (value !== undefined) {
    // Of several, the last one is being typed.
    const at = value.lastIndexOf(",") + 1;
    return matching(words.values[name.toLowerCase()] ?? [], value.slice(at)).map(([one, meaning]) => [
      `${minus}${name}:${value.slice(0, at)}${/[\s"]/.test(one) ? `"${one}"` : one} `,
      meaning,
    ]);
  }
  if (name.toLowerCase().startsWith("args."))
    return matching(argumentsOf(text, words), name.slice(5)).map(([one]) => [`args.${one}:`, ""]);
  const qualifiers = words.qualifiers
    .filter(([one]) => one.startsWith(name.toLowerCase()) && (!minus || one === "state"))
    .map(([one, meaning]): [string, string] => [`${minus}${one}${one.endsWith(".") ? "" : ":"}`, meaning]);
  if (typed.length < 2 || minus) return qualifiers;
  // What all tasks begin with is not what one looks for.
  const part = typed.toLowerCase();
  const isMeant = ([one, meaning]: [string, string]): boolean =>
    part.includes(".") || `${one.slice(one.lastIndexOf(".") + 1)} ${meaning}`.toLowerCase().includes(part);
  const tasks = matching(words.values.task ?? [], typed).filter(isMeant);
  return [...qualifiers, ...tasks.map(([one, meaning]): [string, string] => [`task:${one} `, meaning])];
}

/** Those of the tasks that the search names, or of all. */
function argumentsOf(text: string, { args }: Words): [string, string][] {
  const parts = /(?:^|\s)task:"?([^\s"]+)/i.exec(text)?.[1]?.toLowerCase().split(",") ?? [""];
  const tasks = Object.keys(args).filter((task) => parts.some((part) => task.toLowerCase().includes(part)));
  return [...new Set(tasks.flatMap((task) => args[task] ?? []))].sort().map((name) => [name, ""]);
}

/** What begins with the text comes before what only has it. */
function matching(pairs: [string, string][], typed: string): [string, string][] {
  const part = typed.replaceAll('"', "").toLowerCase();
  const has = pairs.filter((pair) => pair.some((one) => one.toLowerCase().includes(part)));
  const starts = ([one]: [string, string]): boolean => one.toLowerCase().startsWith(part);
  return [...has.filter(starts), ...has.filter((pair) => !starts(pair))];
}
