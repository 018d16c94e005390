import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { count } from "../format";
import { t } from "../i18n";
import { sorted } from "../sorting";
import { define, Piece } from "./piece";
import { ROWS, type Row, rowsWords, table } from "./value";

/** A table whose columns sort its rows, some hundred rows at a time. */
export class TableElement extends Piece {
  static override properties = {
    rows: { attribute: false },
    by: { state: true },
    down: { state: true },
    from: { state: true },
  };
  declare rows: Row[];
  declare by: string | null;
  declare down: boolean;
  declare from: number;
  private shown: Row[] = [];

  constructor() {
    super();
    this.by = null;
    this.down = false;
    this.from = 0;
  }

  override willUpdate(changed: PropertyValues): void {
    if (changed.has("rows") || changed.has("by") || changed.has("down"))
      this.shown = sorted(this.rows, this.by, this.down);
    if (this.from >= this.rows.length) this.from = 0;
  }

  /** Up, down, and as it was. */
  private choose(column: string): void {
    if (this.by !== column) [this.by, this.down] = [column, false];
    else if (!this.down) this.down = true;
    else [this.by, this.down] = [null, false];
    this.from = 0;
  }

  override render(): TemplateResult {
    const { by, down, from, rows } = this;
    const upto = Math.min(from + ROWS, rows.length);
    const turn = (to: number, words: string) =>
      html`<button type="button" class="linklike" ?disabled=${to < 0 || to >= rows.length} @click=${() => {
        this.from = to;
      }}>${words}</button>`;
    return html`${table(this.shown, { by, down, choose: (column) => this.choose(column) }, from)}
      ${
        rows.length > ROWS
          ? html`<p class="quiet table-pages"><span aria-live="polite">${rowsWords(rows.length)}: ${count(from + 1)}–${count(upto)}</span>
              ${turn(from - ROWS, t("Earlier rows"))} ${turn(from + ROWS, t("Later rows"))}</p>`
          : nothing
      }`;
  }
}

define("taskcast-table", TableElement);
