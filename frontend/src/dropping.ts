// Files that are dropped on a field, or pasted there: also beside it, in a form with just one such field.

let guarded = false;

/** Give what is dropped on `field`, or pasted in it, to `take`. */
export function receive(field: HTMLElement, input: HTMLInputElement, take: (files: FileList) => void): void {
  guard();
  const zone = () => (isOnly(input) ? (input.form ?? field) : field);
  const isIn = (event: Event) => event.target instanceof Node && zone().contains(event.target);
  const clear = () => field.removeAttribute("data-dropping");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer) || !isIn(event)) return clear();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    field.setAttribute("data-dropping", "");
  });
  // Out of the window, or ended by Escape.
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && clear());
  document.addEventListener("dragend", clear);
  document.addEventListener("drop", (event) => {
    clear();
    const files = event.dataTransfer?.files;
    if (files?.length && isIn(event)) take(files);
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files;
    if (!files?.length || !isIn(event)) return;
    event.preventDefault();
    take(files);
  });
}

/** A file that misses the field would take the place of the page, and all that was typed would be lost. */
function guard(): void {
  if (guarded) return;
  guarded = true;
  const keep = (event: DragEvent) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    if (event.type === "dragover" && event.dataTransfer) event.dataTransfer.dropEffect = "none";
  };
  document.addEventListener("dragover", keep);
  document.addEventListener("drop", keep);
}

const isOnly = (input: HTMLInputElement): boolean =>
  input.form?.querySelectorAll('input[type="file"]').length === 1;

const hasFiles = (data: DataTransfer | null): boolean => data?.types.includes("Files") ?? false;
