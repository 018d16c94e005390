// Keys that need no mouse, and what they do. Never while one types, never with Ctrl, Meta or Alt, and only where the
// reader has not turned them off (WCAG 2.1.4).

/** A second key is waited for so long. */
const SECOND_MS = 1_500;
const OFF = "taskcast-keys";

/** Where `g` and a letter lead, below our root. */
export const PLACES: Record<string, string> = {
  o: "",
  t: "tasks/",
  j: "jobs/",
  s: "schedules/",
  w: "workers/",
};

export const areOn = (): boolean => localStorage.getItem(OFF) !== "off";

export function turn(on: boolean): void {
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "off");
}

/** Listen; `help` opens the overlay, `say` tells whether the job's id was copied. */
export function watchKeys(help: () => void, say: (copied: boolean) => void): void {
  let first = "";
  let since = 0;
  document.addEventListener("keydown", (event) => {
    const key = keyOf(event);
    if (!key || !areOn() || isTyped(event) || document.querySelector("dialog[open]")) return;
    const begun = first && Date.now() - since < SECOND_MS ? first : "";
    first = "";
    if (key === "g" && !begun) {
      first = key;
      since = Date.now();
    } else if (begun ? goTo(PLACES[key]) : act(key, help, say)) event.preventDefault();
  });
}

/** What the key says on a Latin keyboard, also while a Korean one is set. */
export function keyOf(event: KeyboardEvent): string {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return "";
  if (/^[ -~]$/.test(event.key)) return event.key;
  return !event.shiftKey && /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : "";
}

function isTyped(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0];
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"))
  );
}

function act(key: string, help: () => void, say: (copied: boolean) => void): boolean {
  if (key === "?") help();
  else if (key === "/") return search();
  else if (key === "n") return goTo(PLACES.t);
  else if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
  else if (key === "c") return copy(say);
  else return false;
  return true;
}

/** By the links of the menu: what is not in it is not there for this reader. */
function goTo(place: string | undefined): boolean {
  if (place === undefined) return false;
  const address = `${document.documentElement.dataset.root ?? "/"}${place}`;
  const link = [...document.querySelectorAll<HTMLAnchorElement>(".nav a")].find(
    (link) => link.getAttribute("href") === address,
  );
  link?.click();
  return link !== undefined;
}

function search(): boolean {
  const field =
    document.querySelector<HTMLInputElement>("[data-search]") ??
    document.querySelector<HTMLInputElement>("main input[type=search]");
  field?.focus();
  field?.select?.();
  return field !== null;
}

/** The link of each row; it has the focus while one moves, so Enter opens it. */
function move(by: 1 | -1): boolean {
  const rows = [...document.querySelectorAll("main :is(tr, li, [data-row])")];
  const links = rows.flatMap(
    (row) => row.querySelector<HTMLAnchorElement>(":is(td, .task-card, .schedule-what) a[href]") ?? [],
  );
  const shown = [...new Set(links)].filter((link) => link.checkVisibility?.() ?? true);
  const at = shown.findIndex((link) => link.closest("tr, li, [data-row]")?.contains(document.activeElement));
  const next = at < 0 ? shown.at(by > 0 ? 0 : -1) : shown[at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return next !== undefined;
}

function copy(say: (copied: boolean) => void): boolean {
  const id = document.querySelector<HTMLElement>("main > taskcast-job")?.dataset.job;
  if (!id) return false;
  // Browsers lend the clipboard to pages of https, and of this machine, alone.
  Promise.resolve(navigator.clipboard?.writeText(id) ?? Promise.reject()).then(
    () => say(true),
    () => say(false),
  );
  return true;
}
