import { html, nothing, type TemplateResult } from "lit";
import { bytes } from "../format";
import { forget, hold, letGo } from "../held";
import { t } from "../i18n";
import { later } from "../later";
import { Sending } from "../sending";
import { bar } from "./bar";
import "./preview";
import { receive } from "../dropping";
import { define, Piece } from "./piece";

/**
 * The files of one file field, sent in pieces as soon as they are chosen. The form then bears their ids and
 * no file. Without a script the field sends its files itself.
 */
export class UploadElement extends Piece {
  static override properties = { field: {}, files: { state: true }, refusal: { state: true } };
  declare field: string;
  declare files: Sending[];
  /** Why what was chosen last is not taken. */
  declare refusal: string;
  private required = false;
  private readonly told = new Set<string>();
  private readonly changed = later(() => this.follow());

  override connectedCallback(): void {
    super.connectedCallback();
    this.files ??= [];
    const { input } = this;
    if (!input?.form) return;
    this.required = input.required;
    input.addEventListener("change", () => this.choose(input));
    receive(this.closest<HTMLElement>(".field") ?? input, input, (files) => this.take(input, files));
    input.form.addEventListener("submit", (event) => this.pending && hold(event));
    input.form.addEventListener("formdata", ({ formData }) => this.name(formData, input.name));
    addEventListener("beforeunload", (event) => this.pending && event.preventDefault());
  }

  /** Whether a file is still on its way. */
  get pending(): boolean {
    return this.files.some((file) => file.pending);
  }

  override render(): TemplateResult | typeof nothing {
    const refusal = this.refusal ? html`<p class="errorlist" role="alert">${this.refusal}</p>` : nothing;
    if (!this.files.length) return html`${refusal}`;
    return html`${refusal}<ul class="uploads">
        ${this.files.map((file) => html`<li class="upload" data-state=${file.state}>${this.row(file)}</li>`)}
      </ul>`;
  }

  private row(sending: Sending): TemplateResult {
    const { file, sent, state } = sending;
    const done = state === "complete";
    return html`<div class="upload-line">
        <span class="upload-name">${done ? html`<span class="tick" aria-hidden="true">✓</span> ` : nothing}${file.name}</span>
        <span class="count">${done ? bytes(file.size) : t("{current} of {total}", { current: bytes(sent), total: bytes(file.size) })}</span>
        ${done ? nothing : html`<span class="percent">${Math.floor((100 * sent) / file.size)} %</span>`}
        ${state === "stopped" ? html`<button type="button" class="linklike" @click=${() => this.again(sending)}>${t("Try again")}</button>` : nothing}
        <button type="button" class="linklike" aria-label=${t(sending.pending ? "Cancel {name}" : "Remove {name}", { name: file.name })} @click=${() => this.takeBack(sending)}>
          ${t(sending.pending ? "Cancel" : "Remove")}
        </button>
      </div>
      ${done ? nothing : bar({ current: sent, total: file.size, description: "", steps: [] }, t("Upload of {name}", { name: file.name }))}
      <div class="help" role="status">${words(sending)}</div>
      ${state === "stopped" ? html`<p class="errorlist" role="alert">${sending.problem}</p>` : nothing}
      <taskcast-preview .file=${file}></taskcast-preview>`;
  }

  /** What was dropped or pasted, as if it had been chosen. */
  private take(input: HTMLInputElement, files: FileList): void {
    if (files.length > 1 && !input.multiple) {
      this.refusal = t("Only one file fits here.");
      return;
    }
    input.files = files;
    this.choose(input);
  }

  private choose(input: HTMLInputElement): void {
    const chosen = [...(input.files ?? [])];
    this.refusal = unfit(input);
    if (chosen.length && !this.refusal) {
      if (!input.multiple) this.makeRoom();
      this.files = [...this.files, ...chosen.map((file) => new Sending(file, this.changed))];
      // What goes ahead must not go a second time with the form.
      input.value = "";
    }
    this.follow();
  }

  /** A new file takes the place of the old one, as it does in the field of a browser. */
  private makeRoom(): void {
    for (const old of this.files) old.cancel();
    for (const box of this.kept) box.checked = false;
    this.files = [];
  }

  private again(sending: Sending): void {
    sending.again();
    this.follow();
  }

  private takeBack(sending: Sending): void {
    sending.cancel();
    this.files = this.files.filter((file) => file !== sending);
    // Whoever takes a file back does not mean to launch without it.
    if (this.input?.form) forget(this.input.form);
    this.follow();
    this.input?.focus();
  }

  /** Not by hidden inputs: a form that is sent between two frames would go without the one that is not drawn yet. */
  private name(form: FormData, field: string): void {
    for (const { id, state } of this.files) if (id && state === "complete") form.append(field, id);
  }

  /** Bring field and form up to date with the files. */
  private follow(): void {
    this.requestUpdate();
    const { input } = this;
    const form = input?.form;
    if (!form) return;
    input.required = this.required && !this.files.length;
    const problem = this.files.find((file) => file.state === "stopped")?.problem;
    // No form is sent while something is wrong; the words stand here.
    input.setCustomValidity(unfit(input) || (problem ?? ""));
    for (const { state, id } of this.files) if (state === "complete" && id) this.tell(input, id);
    // The files stand below: "No file chosen" would deny it.
    input.toggleAttribute("data-ahead", this.files.length > 0 && !input.files?.length);
    if (problem) forget(form);
    else if (!anyPending(form)) letGo(form);
  }

  /** Once for each file that is there: the server can say what is in it. */
  private tell(input: HTMLInputElement, id: string): void {
    if (this.told.has(id)) return;
    this.told.add(id);
    // After its row is drawn.
    void this.updateComplete.then(() => input.dispatchEvent(new Event("uploaded", { bubbles: true })));
  }

  private get input(): HTMLInputElement | null {
    return document.getElementById(this.field) as HTMLInputElement | null;
  }

  /** The boxes of files that were uploaded before. */
  private get kept(): NodeListOf<HTMLInputElement> {
    return (this.closest(".field") ?? this).querySelectorAll("input[type=checkbox]");
  }
}

/** What is wrong with the files that were chosen, in the field's own words. */
function unfit(input: HTMLInputElement): string {
  const { mostBytes, tooLarge, empty } = input.dataset;
  const sizes = [...(input.files ?? [])].map((file) => file.size);
  if (sizes.some((size) => size > Number(mostBytes))) return tooLarge ?? "";
  return sizes.includes(0) ? (empty ?? "") : "";
}

const anyPending = (form: HTMLFormElement): boolean =>
  [...form.querySelectorAll<UploadElement>("taskcast-upload")].some((field) => field.pending);

/** Said to those who do not see the bar, so only what is new. */
function words({ state }: Sending): string {
  if (state === "waiting") return t("The connection is broken; the upload goes on by itself.");
  return state === "complete" ? t("Uploaded") : "";
}

define("taskcast-upload", UploadElement);
