// A file that is too large is told as soon as it is chosen, not after minutes of sending it for nothing.

/** What a form has beside its files, and the files' own heads. */
const REST = 1024 * 1024;

/** Watch the file fields of this page; each says itself how much it takes, and in which words it refuses. */
export function watchUploads(): void {
  document.addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== "file" || !target.form) return;
    judge(target.form);
    target.reportValidity();
  });
}

/** All files travel in one request, so that they have to fit together too. */
function judge(form: HTMLFormElement): void {
  let sum = 0;
  for (const input of form.querySelectorAll<HTMLInputElement>("input[type=file][data-most-bytes]")) {
    const most = Number(input.dataset.mostBytes);
    const sizes = [...(input.files ?? [])].map((file) => file.size);
    sum += sizes.reduce((a, b) => a + b, 0);
    const fits = sizes.every((size) => size <= most) && (sizes.length === 0 || sum <= most + REST);
    input.setCustomValidity(fits ? "" : (input.dataset.tooLarge ?? ""));
  }
}
