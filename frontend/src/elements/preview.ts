import { html, nothing, type TemplateResult } from "lit";
import { bytes, count } from "../format";
import { t } from "../i18n";
import { isTable, MOST_BYTES, type Preview, previewOf } from "../preview";
import { define, Piece } from "./piece";

/** The first rows of a table in a file of this machine, as text; nothing for any other file. */
export class PreviewElement extends Piece {
  static override properties = { file: { attribute: false }, preview: { state: true } };
  declare file: File;
  declare preview: Preview | null;
  private read: File | undefined;

  override willUpdate(): void {
    if (this.file === this.read) return;
    this.read = this.file;
    this.preview = null;
    if (isTable(this.file)) void this.look(this.file);
  }

  private async look(file: File): Promise<void> {
    const head = await file
      .slice(0, MOST_BYTES)
      .arrayBuffer()
      .catch(() => null);
    if (head && file === this.file) this.preview = previewOf(new Uint8Array(head), file.size <= MOST_BYTES);
  }

  override render(): TemplateResult | typeof nothing {
    const { preview } = this;
    if (!preview) return nothing;
    const { head, rows, columns, encoding } = preview;
    const label = t("The first rows of {name}", { name: this.file.name });
    return html`<div class="table-scroll preview" tabindex="0" role="group" aria-label=${label}>
        <table class="value-table">
          <thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
          <tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
        </table>
      </div>
      <p class="preview-words">${words(rows.length, Math.min(this.file.size, MOST_BYTES), this.file.size)}${
        columns > head.length
          ? html` · ${t("{n} of {all} columns", { n: head.length, all: count(columns) })}`
          : nothing
      }${encoding === "utf-8" ? nothing : html` · ${encoding.toUpperCase()}`}</p>`;
  }
}

const words = (n: number, seen: number, size: number): string =>
  t("{n} rows of the first {seen} of {size}", { n, seen: bytes(seen), size: bytes(size) });

define("taskcast-preview", PreviewElement);
