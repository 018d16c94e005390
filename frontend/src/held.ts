// A form that was sent while its files are on their way: it goes by itself when they are there.

import { t } from "./i18n";

const held = new WeakMap<HTMLFormElement, { button: HTMLElement | null; note: HTMLElement }>();

/** Keep the form of `event` for later, and say so beside its button. */
export function hold(event: SubmitEvent): void {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  if (held.has(form)) return;
  const note = document.createElement("span");
  note.className = "quiet";
  note.setAttribute("role", "status");
  (event.submitter ?? form).after(note);
  // After it is in the page, or a screen reader does not say it.
  note.textContent = t("Launches as soon as the upload is complete…");
  held.set(form, { button: event.submitter, note });
}

/** Send a form that is kept; nothing where it is not. */
export function letGo(form: HTMLFormElement): void {
  const { button } = held.get(form) ?? {};
  if (forget(form)) form.requestSubmit(button);
}

/** Do not send it after all; whether it was kept. */
export function forget(form: HTMLFormElement): boolean {
  held.get(form)?.note.remove();
  return held.delete(form);
}
