// What a launch form says while one types: whether JSON is JSON, and that a value is given which may be left out.

/** Watch the forms of this page. */
export function watchTyping(): void {
  document.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLTextAreaElement && target.dataset.json) judge(target);
    if (target instanceof Element && !target.closest(".given")) give(target);
  });
}

function judge(box: HTMLTextAreaElement): void {
  box.setCustomValidity(box.value.trim() === "" || isJson(box.value) ? "" : (box.dataset.json ?? ""));
  box.toggleAttribute("data-wrong", !box.validity.valid);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Tick the boxes that say that there is a value, of all that the control is a part of. */
function give(control: Element): void {
  for (
    let place = control.closest(".composite");
    place;
    place = place.parentElement?.closest(".composite") ?? null
  ) {
    const box = place.querySelector<HTMLInputElement>(":scope > .given input");
    if (box) box.checked = true;
  }
}
