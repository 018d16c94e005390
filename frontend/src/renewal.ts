// Choices that depend on another field are asked for anew when that one changes. `data-of` is what the field is called,
// `data-needs` what it depends on; `<form data-choices>` where to ask.

import { t } from "./i18n";

type Answer = { choices: [key: string, label: string][]; trouble: string };

const latest = new Map<string, number>();

/** Watch the forms of this page. */
export function watchChoices(): void {
  // The buttons that ask for new choices are for those who have no script.
  document.documentElement.dataset.live = "";
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof Element) || !("name" in target)) return;
    const form = target.closest("form");
    const name = String(target.name).split(".")[0] ?? "";
    if (form) renewIn(form, name);
  });
}

/** Ask for the choices of the fields inside of `place`: of those that depend on `name`, or of all. */
export function renewIn(place: Element, name?: string): void {
  const found = new Map<string, HTMLElement>();
  for (const control of place.querySelectorAll<HTMLElement>("[data-needs]")) {
    const { of = "", needs = "" } = control.dataset;
    if (name === undefined || needs.split(" ").includes(name)) found.set(of, control);
  }
  for (const [of, control] of found) void renew(of, control);
}

async function renew(of: string, control: HTMLElement): Promise<void> {
  const form = control.closest("form");
  if (!form?.dataset.choices) return;
  const turn = (latest.get(of) ?? 0) + 1;
  latest.set(of, turn);
  const place = control.closest(".field, td");
  place?.setAttribute("aria-busy", "true");
  const answer = await ask(`${form.dataset.choices}?${question(form, of, control.dataset.needs ?? "")}`);
  if (latest.get(of) !== turn) return; // a newer question is under way
  place?.removeAttribute("aria-busy");
  const says = place?.querySelector("[data-trouble]");
  if (says) says.textContent = answer.trouble;
  if (control instanceof HTMLSelectElement) fill(control, answer.choices);
  else if (control instanceof HTMLInputElement) fillList(control, answer.choices);
}

/** Secrets and files are left out: an address is no place for them. */
function question(form: HTMLFormElement, of: string, needs: string): URLSearchParams {
  const asked = new URLSearchParams({ ".of": of });
  const names = needs.split(" ");
  for (const [name, value] of new FormData(form)) {
    const isNeeded = names.some((need) => name === need || name.startsWith(`${need}.`));
    const isSecret = form.querySelector(`input[type=password][name="${CSS.escape(name)}"]`) !== null;
    if (isNeeded && !isSecret && typeof value === "string") asked.append(name, value);
  }
  return asked;
}

async function ask(url: string): Promise<Answer> {
  try {
    const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (answer.ok) return (await answer.json()) as Answer;
  } catch {
    // Told below: the page may be offline, or the answer a sign-in page.
  }
  return { choices: [], trouble: t("The choices could not be fetched. Try again.") };
}

function fill(select: HTMLSelectElement, choices: Answer["choices"]): void {
  const before = select.value;
  const blank = [...select.options].filter((option) => option.value === "");
  select.replaceChildren(...blank, ...choices.map(option));
  select.value = choices.some(([key]) => key === before) ? before : "";
  select.dispatchEvent(new CustomEvent("renewed"));
  // What depends on this one has to follow.
  if (select.value !== before) select.dispatchEvent(new Event("change", { bubbles: true }));
}

function option([key, label]: [key: string, label: string]): HTMLOptionElement {
  const made = document.createElement("option");
  Object.assign(made, { value: key, textContent: label });
  return made;
}

function fillList(one: HTMLInputElement, choices: Answer["choices"]): void {
  const list = one.closest("taskcast-checklist");
  const row = one.closest("label")?.parentElement;
  const box = row?.parentElement;
  if (!list || !row || !box) return;
  const ticked = [...box.querySelectorAll<HTMLInputElement>("input:checked")].map(({ value }) => value);
  const rows = choices.map(([key, label], i) => {
    const made = row.cloneNode(true) as HTMLElement;
    const [input, words] = [made.querySelector("input"), made.querySelector("label")];
    if (!input || !words) return made;
    Object.assign(input, {
      id: `${one.id.replace(/_\d+$/, "")}_${i}`,
      value: key,
      checked: ticked.includes(key),
    });
    words.htmlFor = input.id;
    words.replaceChildren(input, ` ${label}`);
    made.hidden = false;
    return made;
  });
  // One box stays, or there would be none to make others of.
  if (rows.length) box.replaceChildren(...rows);
  list.dispatchEvent(new CustomEvent("renewed"));
}
