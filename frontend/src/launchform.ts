// A launch form by keyboard, and while it is being sent: once is enough.

import { t } from "./i18n";

/** What was not answered by then may be sent again: the reader may have stopped it. */
const PATIENCE_MS = 15_000;

const words = new WeakMap<HTMLElement, string>();

/** Watch the launch form of this page, if it has one. */
export function watchLaunching(): void {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    const form = formOf(event.target);
    const button = form && launchButton(form);
    if (!form || !button) return;
    event.preventDefault();
    form.requestSubmit(button);
  });
  document.addEventListener("submit", send);
  // Back from the job, the form is as it was before it was sent.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) recover(form);
  });
  focusFirst();
}

const formOf = (target: EventTarget | null): HTMLFormElement | null =>
  target instanceof Element ? target.closest("form[data-launch]") : null;

const launchButton = (form: HTMLFormElement): HTMLButtonElement | null =>
  form.querySelector<HTMLButtonElement>(".form-end .primary");

function send(event: SubmitEvent): void {
  const form = formOf(event.target);
  const button = form && launchButton(form);
  const { submitter } = event;
  // Not while files are on their way, and not by a button that launches nothing.
  if (!form || !button || event.defaultPrevented || submitter?.getAttribute("name")) return;
  if (form.hasAttribute("data-sent")) {
    event.preventDefault();
    return;
  }
  form.setAttribute("data-sent", "");
  words.set(button, button.textContent ?? "");
  button.setAttribute("aria-disabled", "true");
  button.textContent = t("Launching…");
  setTimeout(() => recover(form), PATIENCE_MS);
}

function recover(form: HTMLFormElement): void {
  form.removeAttribute("data-sent");
  const button = launchButton(form);
  const text = button && words.get(button);
  if (!button || text === undefined) return;
  button.removeAttribute("aria-disabled");
  button.textContent = text;
  words.delete(button);
}

/** Where one begins: at what was refused, else at the first field. On a phone that would open its keyboard unasked. */
function focusFirst(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-launch]");
  if (!form || location.hash || (document.activeElement && document.activeElement !== document.body)) return;
  if (!matchMedia("(pointer: fine)").matches) return;
  const wrong = form.querySelector("[aria-invalid='true']");
  const fields = ":is(input:not([type='hidden'], .unseen), select, textarea):not([hidden], [disabled])";
  const first = wrong ?? form.querySelector(`.field ${fields}`);
  if (first instanceof HTMLElement) first.focus({ preventScroll: wrong === null });
}
