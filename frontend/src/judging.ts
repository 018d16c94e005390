// What is wrong with a field of a launch form is said when one leaves it, in the server's own words, and taken back when
// it is mended: never while one types for the first time. What a launch finds is what counts.

import { csrfToken } from "./api";

const PAUSE_MS = 300;

type Errors = Record<string, string[]>;

const edited = new WeakSet<Element>();
const left = new WeakSet<Element>();
const timers = new WeakMap<HTMLFormElement, ReturnType<typeof setTimeout>>();
const turns = new WeakMap<HTMLFormElement, number>();

/** Watch the forms of this page. */
export function watchLeaving(): void {
  for (const kind of ["input", "change"])
    document.addEventListener(kind, ({ target }) => {
      const place = placeOf(target);
      if (!place) return;
      edited.add(place);
      if (place.classList.contains("wrong")) soon(place);
    });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const place = placeOf(target);
    if (place && edited.has(place) && !place.contains(relatedTarget as Node | null)) leave(place);
  });
  // A file that is there is judged by what is in it.
  document.addEventListener("uploaded", ({ target }) => {
    const place = placeOf(target);
    if (place) leave(place);
  });
}

function leave(place: Element): void {
  left.add(place);
  soon(place);
}

/** The field, or the cell of a table, in which something stands. */
function placeOf(target: EventTarget | null): Element | null {
  if (!(target instanceof Element) || !target.closest("form[data-launch]")) return null;
  return target.closest("td, .field");
}

function soon(place: Element): void {
  const form = place.closest("form");
  if (!form) return;
  clearTimeout(timers.get(form));
  timers.set(
    form,
    setTimeout(() => void judge(form), PAUSE_MS),
  );
}

async function judge(form: HTMLFormElement): Promise<void> {
  const turn = (turns.get(form) ?? 0) + 1;
  turns.set(form, turn);
  const errors = await ask(form).catch(() => null); // the launch itself will say
  if (errors && turns.get(form) === turn && !form.hasAttribute("data-sent")) show(form, errors);
}

async function ask(form: HTMLFormElement): Promise<Errors | null> {
  const data = new FormData();
  // Files have gone ahead, and are there by their ids under the same names.
  for (const [name, value] of new FormData(form)) if (typeof value === "string") data.append(name, value);
  data.set(".do", "check");
  const answer = await fetch(location.href, {
    method: "POST",
    body: data,
    credentials: "same-origin",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
  });
  if (!answer.ok || answer.redirected) return null;
  return ((await answer.json()) as { errors: Errors }).errors;
}

/** Say what is wrong with those fields that were left, and no longer what is mended. */
function show(form: HTMLFormElement, errors: Errors): void {
  const found = new Map<Element, { control: Element; messages: string[] }>();
  for (const [id, messages] of Object.entries(errors)) {
    const control = document.getElementById(id);
    const place = control && placeOf(control);
    if (control && place && !found.has(place)) found.set(place, { control, messages });
  }
  for (const place of form.querySelectorAll("td, .field")) {
    const wrong = found.get(place);
    if (wrong && isUndecided(place)) continue;
    if (wrong && isUnread(wrong.control)) wrong.messages = [wrong.control.validationMessage];
    if (wrong && (left.has(place) || place.classList.contains("wrong")))
      say(place, wrong.control, wrong.messages);
    else if (!wrong && place.classList.contains("wrong") && !place.querySelector(".wrong")) unsay(place);
  }
}

/** A file on its way is not missing, and one that was not taken is told of by the field itself. */
const isUndecided = (place: Element): boolean =>
  place.querySelector('input[type="file"]') !== null &&
  !place.querySelector('.upload[data-state="complete"]');

/** A browser keeps what it cannot read to itself: the server finds nothing there, and its words would be wrong. */
const isUnread = (control: Element): control is HTMLInputElement =>
  control instanceof HTMLInputElement && control.validity.badInput;

function say(place: Element, control: Element, messages: string[]): void {
  let list = listOf(place);
  if (!list) {
    list = document.createElement("ul");
    list.className = "errorlist";
    list.id = `${control.id}_error`;
    list.setAttribute("role", "alert");
    const help = place.querySelector(":scope > .help");
    if (help) help.before(list);
    else place.append(list);
  }
  const old = [...list.children].map((item) => item.textContent);
  if (old.join("\n") !== messages.join("\n"))
    list.replaceChildren(
      ...messages.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
    );
  place.classList.add("wrong");
  control.setAttribute("aria-invalid", "true");
  describe(control, list.id, true);
}

function unsay(place: Element): void {
  const list = listOf(place);
  place.classList.remove("wrong");
  for (const control of place.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    if (list) describe(control, list.id, false);
    mend(control);
  }
  list?.remove();
}

const listOf = (place: Element): Element | null => place.querySelector(":scope > .errorlist");

function describe(control: Element, id: string, by: boolean): void {
  const others = (control.getAttribute("aria-describedby") ?? "")
    .split(" ")
    .filter((one) => one && one !== id);
  const all = by ? [...others, id] : others;
  if (all.length) control.setAttribute("aria-describedby", all.join(" "));
  else control.removeAttribute("aria-describedby");
}

/** The summary of a form that was refused names it no longer. */
function mend(control: Element): void {
  const summary = control.closest("form")?.querySelector(".error-summary");
  if (!summary) return;
  summary
    .querySelector(`a[href="#${CSS.escape(control.id)}"]`)
    ?.closest("li")
    ?.remove();
  if (!summary.querySelector("li")) summary.remove();
}
