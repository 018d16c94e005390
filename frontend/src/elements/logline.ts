import { segments } from "../ansi";
import { clock, when } from "../format";
import type { Line } from "../logbook";

export type Times = "clock" | "since" | "off";

/** How lines are drawn: the words that are searched for, which times, and where their numbers lead. */
export interface Look {
  words: string;
  times: Times;
  /** When the job started. */
  start: string | null;
  href: string;
}

/** One line; only its number where it is still to be fetched. */
export function lineElement(number: number, line: Line | undefined, look: Look): HTMLElement {
  const row = document.createElement("div");
  row.className = "line";
  row.dataset.n = String(number);
  const link = document.createElement("a");
  link.className = "n";
  link.href = `${look.href}#L${number}`;
  // By the keyboard one comes to a line through the search: hundreds of stops would be none.
  link.tabIndex = -1;
  link.textContent = String(number);
  row.append(link);
  if (!line) return row;
  row.dataset.level = line.level;
  row.append(" ");
  if (look.times !== "off") row.append(time(line, look), " ");
  row.append(part("level", line.level), " ", written(line.text, look.words));
  return row;
}

function time(line: Line, { times, start }: Look): HTMLElement {
  const made = document.createElement("time");
  made.dateTime = line.time;
  made.title = `${when(line.time)} ${zone()}`;
  made.textContent = times === "since" && start ? since(line.time, start) : clock(line.time);
  return made;
}

const zone = (): string => document.documentElement.dataset.timeZone ?? "";

/** `+1:02:03.125`, since the job started. */
export function since(at: string, start: string): string {
  const ms = Date.parse(at) - Date.parse(start);
  const all = Math.floor(Math.abs(ms) / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  const minutes = Math.floor(all / 60) % 60;
  const clock = `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(all % 60)}`;
  return `${ms < 0 ? "−" : "+"}${clock}.${String(Math.abs(ms) % 1000).padStart(3, "0")}`;
}

/** The text with its colours, and with what is searched for marked, also where a colour changes in its middle. */
function written(text: string, words: string): HTMLElement {
  const made = part("text", "");
  let at = 0;
  const found = segments(text);
  const marks = words ? places(found.map((segment) => segment.text).join(""), words) : [];
  for (const { text: own, style } of found) {
    const end = at + own.length;
    const cuts = [at, ...marks.flat().filter((cut) => cut > at && cut < end), end];
    for (let n = 0; n + 1 < cuts.length; n++) {
      const [from, to] = [cuts[n] as number, cuts[n + 1] as number];
      const inside = marks.some(([first, last]) => from >= first && to <= last);
      const piece = own.slice(from - at, to - at);
      if (!inside && !style) made.append(piece);
      else {
        const element = document.createElement(inside ? "mark" : "span");
        if (style) element.className = style;
        element.textContent = piece;
        made.append(element);
      }
    }
    at = end;
  }
  return made;
}

/** Where the words are in a text, whatever their case: from, to. */
export function places(text: string, words: string): [number, number][] {
  const found: [number, number][] = [];
  const low = text.toLowerCase();
  const wanted = words.toLowerCase();
  // Letters that have another length in the other case would shift what follows.
  if (low.length !== text.length) return found;
  for (
    let at = low.indexOf(wanted);
    at >= 0 && found.length < 200;
    at = low.indexOf(wanted, at + wanted.length)
  )
    found.push([at, at + wanted.length]);
  return found;
}

function part(name: string, text: string): HTMLElement {
  const made = document.createElement("span");
  made.className = name;
  made.textContent = text;
  return made;
}
