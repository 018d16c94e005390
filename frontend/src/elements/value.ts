import { html, nothing, type TemplateResult } from "lit";
import { figure } from "../figures";
import { count } from "../format";
import { t } from "../i18n";
import { write } from "../numbers";
import type { Json } from "../types";

export type Row = { [column: string]: Json };

/** Rows drawn at first; a table of ten thousand would freeze the page. */
export const ROWS = 200;
/** A cell with more characters than this is long. */
const LONG = 32;
/** Characters of a value inside a cell; a longer one is folded. */
const NESTED = 60;
/** Characters of JSON drawn; the file has it whole. */
const TEXT = 100_000;
/** Characters or lines that may be higher than a text is shown, on a narrow screen. */
const SCROLLS = 400;
const SCROLLING_LINES = 20;

/** A value by its shape: a word or number, a table for a list of objects, names and values for an object. */
export function value(json: Json, depth = 0): TemplateResult {
  if (json === null) return html`<span class="value-none">${depth ? "–" : t("No value")}</span>`;
  if (isNumber(json)) return html`<span class="value-number">${plain(json)}</span>`;
  if (typeof json === "boolean") return html`<span class="value-word">${json}</span>`;
  if (typeof json === "string") return words(json.slice(0, TEXT));
  if (Array.isArray(json)) return list(json, depth);
  return object(json, depth);
}

/** One that may scroll inside has to be reached by the keyboard. */
function words(shown: string): TemplateResult {
  const scrolls = shown.length > SCROLLS || shown.split("\n").length - 1 > SCROLLING_LINES;
  return html`<span class="value-text" tabindex=${scrolls ? 0 : nothing}>${shown}</span>`;
}

/** As it is in JSON: 1234567, not 1,234,567, for it may be an id or go into another program. */
const plain = (n: number | bigint): string => String(n);
const isNumber = (json: Json): json is number | bigint =>
  typeof json === "number" || typeof json === "bigint";

function list(items: Json[], depth: number): TemplateResult {
  if (items.length === 0) return html`<span class="value-none">${t("An empty list")}</span>`;
  if (depth < 3 && items.every(isRow)) return table(items);
  if (items.length <= 20 && items.every(isWord))
    return html`<span class="value-list">${items.map(String).join(", ")}</span>`;
  return text(items);
}

/** `instead` may have something else to show for a field. */
export function object(
  fields: Row,
  depth: number,
  instead: (name: string, field: Json) => TemplateResult | undefined = () => undefined,
): TemplateResult {
  const entries = Object.entries(fields);
  if (entries.length === 0) return html`<span class="value-none">${t("An empty object")}</span>`;
  if (depth >= 3 || entries.length > 60) return text(fields);
  return html`<dl class="value-fields">
    ${entries.map(([name, field]) => html`<div><dt>${name}</dt><dd>${instead(name, field) ?? named(name, field, depth + 1)}</dd></div>`)}
  </dl>`;
}

function named(name: string, field: Json, depth: number): TemplateResult {
  if (!isNumber(field)) return value(field, depth);
  const text = figure(field, name);
  return html`<span class="value-number" title=${saysLess(text, field) ? plain(field) : nothing}>${text}</span>`;
}

const saysLess = (text: string, n: number | bigint): boolean => text.replaceAll(",", "") !== plain(n);

const isWord = (json: Json): boolean => json === null || typeof json !== "object";
export const isTable = (json: Json): json is Row[] =>
  Array.isArray(json) && json.length > 0 && json.every(isRow);
export const isRow = (json: Json): json is Row =>
  json !== null && typeof json === "object" && !Array.isArray(json);

export const rowsWords = (n: number): string =>
  n === 1 ? t("1 row") : t("{count} rows", { count: count(n) });

/** By which column rows are sorted, and how to have them sorted otherwise. */
export interface Sorting {
  by: string | null;
  down: boolean;
  choose: (column: string) => void;
}

export function table(rows: Row[], sorting?: Sorting, from = 0): TemplateResult {
  const shown = rows.slice(from, from + ROWS);
  const columns = [...new Set(shown.flatMap(Object.keys))];
  const kinds = columns.map((column) => kind(shown.map((row) => row[column] ?? null)));
  return html`<div class="table-scroll" tabindex="0" role="group" aria-label=${rowsWords(rows.length)}>
      <table class="value-table">
        <thead><tr>${columns.map((column, at) => head(column, kinds[at], sorting))}</tr></thead>
        <tbody>
          ${shown.map(
            (row) =>
              html`<tr>${columns.map((column, at) => html`<td class=${kinds[at] ?? nothing}>${cell(column, row[column])}</td>`)}</tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${shown.length < rows.length && !sorting ? html`<p class="quiet">${rowsWords(rows.length)}: 1–${shown.length}</p>` : nothing}`;
}

function head(column: string, kind: string | undefined, sorting?: Sorting): TemplateResult {
  if (!sorting) return html`<th scope="col" class=${kind ?? nothing}>${column}</th>`;
  const sorted = sorting.by === column;
  const order = sorted ? (sorting.down ? "descending" : "ascending") : nothing;
  return html`<th scope="col" class=${kind ?? nothing} aria-sort=${order}><button type="button" class="sort" @click=${() => sorting.choose(column)}>${column}</button></th>`;
}

/** Numbers stand to the right; long texts get room, which a browser would rather give to short ones. */
function kind(cells: Json[]): "number" | "long" | undefined {
  if (cells.every((item) => item === null || isNumber(item))) return "number";
  return cells.some((item) => typeof item === "string" && item.length > LONG) ? "long" : undefined;
}

function cell(column: string, json: Json | undefined): string | TemplateResult {
  if (json === undefined || json === null) return html`<span class="value-none">–</span>`;
  if (isNumber(json)) {
    const text = figure(json, column);
    return saysLess(text, json) ? html`<span title=${plain(json)}>${text}</span>` : text;
  }
  if (typeof json === "object") {
    const whole = write(json);
    if (whole.length <= NESTED) return html`<code>${whole}</code>`;
    return html`<details class="cell-more"><summary>${valuesWords(json)}</summary><code>${whole}</code></details>`;
  }
  return String(json);
}

/** What a list or an object that is folded says of itself. */
export function valuesWords(json: Json[] | Row): string {
  const size = Object.keys(json).length;
  return size === 1 ? t("1 value") : t("{count} values", { count: count(size) });
}

function text(json: Json): TemplateResult {
  return html`<pre class="value-json" tabindex="0">${write(json, 2).slice(0, TEXT)}</pre>`;
}
