import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import { getFile } from "../api";
import { bytes } from "../format";
import { t } from "../i18n";
import type { Json, Output } from "../types";
import { csvUrl, fileUrl, textUrl } from "../urls";
import { chart } from "./chart";
import { define, Piece } from "./piece";
import "./table";
import { isTable, ROWS, value } from "./value";

/** A table that is republished at every row must not be fetched at every row. */
const PAUSE_MS = 1_000;
/** A network that is away for a moment is tried again. */
const TRIES = 5;
/** Larger files are for downloading. */
const LARGEST = 2_000_000;

/** One thing that a job published: shown by its kind, and fetched where it is too large for an event. */
export class OutputElement extends Piece {
  static override properties = {
    job: {},
    at: { type: Number },
    entry: { attribute: false },
    fetched: { state: true },
    compact: { type: Boolean },
  };
  declare job: string;
  /** Its place among the job's outputs, from 1. */
  declare at: number;
  declare entry: Output;
  declare fetched: Json | undefined;
  declare compact: boolean;
  private version = 0;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has("entry")) return;
    this.version += 1;
    if (this.entry.kind === "markdown" && this.fetched === undefined) {
      this.fetched = written.get(this.entry.name);
      if (this.fetched !== undefined) return;
    }
    if (this.mustFetch())
      this.timer ??= setTimeout(() => this.load(), this.fetched === undefined ? 0 : PAUSE_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private mustFetch(): boolean {
    const { kind, value, size } = this.entry;
    if (kind === "markdown") return (size ?? 0) <= LARGEST;
    return value === undefined && kind !== "image" && kind !== "file" && (size ?? 0) <= LARGEST;
  }

  private async load(): Promise<void> {
    const { version } = this;
    const { kind, name } = this.entry;
    const json = kind === "markdown" ? text(textUrl(this.job, name)) : getFile<Json>(fileUrl(this.job, name));
    const answer = await json.catch(() => undefined);
    if (answer !== undefined) this.fetched = answer;
    this.timer = undefined;
    this.failures = answer === undefined ? this.failures + 1 : 0;
    const again = version !== this.version || (this.failures > 0 && this.failures < TRIES);
    if (again && this.isConnected) this.timer = setTimeout(() => this.load(), PAUSE_MS);
  }

  override render(): TemplateResult {
    const { kind, name, size } = this.entry;
    return html`<figure class="output" id=${`output-${this.at}`} data-output=${name}>
      <figcaption>
        <span class="output-name">${name}</span>
        ${
          size === undefined
            ? nothing
            : html`<span class="output-links">${kind === "table" ? html`<a href=${csvUrl(this.job, name)} download>CSV</a> ` : nothing}<a
                  href=${fileUrl(this.job, name)} download>${t("Download")} <span class="quiet">${bytes(size)}</span></a></span>`
        }
      </figcaption>
      ${this.entry.chart && !this.compact ? chart(name, this.entry.chart, this.entry.value ?? this.fetched) : nothing}
      <div class="value" data-later=${this.later() ?? nothing}>${this.body()}</div>
    </figure>`;
  }

  /** The rows of a table that are still to come want about this much room. */
  private later(): "many" | "pages" | undefined {
    const { kind, rows = 0, value } = this.entry;
    if (kind !== "table" || value !== undefined || this.fetched !== undefined || !this.mustFetch())
      return undefined;
    return rows > ROWS ? "pages" : rows > 20 ? "many" : undefined;
  }

  private body(): TemplateResult | typeof nothing {
    const { kind, name, media_type } = this.entry;
    if (kind === "file") return media_type ? html`<span class="quiet">${media_type}</span>` : nothing;
    // The version keeps the browser from showing the picture that was published before under this name.
    if (kind === "image") {
      const src = `${fileUrl(this.job, name)}${this.version > 1 ? `?v=${this.version}` : ""}`;
      return html`<a class="picture" href=${src}><img src=${src} alt=${name} loading="lazy" /></a>`;
    }
    if (kind === "markdown" && this.fetched !== undefined)
      return html`<div class="markdown">${unsafeHTML(String(this.fetched))}</div>`;
    const shown = kind === "markdown" ? undefined : (this.entry.value ?? this.fetched);
    if (shown !== undefined && isTable(shown)) return html`<taskcast-table .rows=${shown}></taskcast-table>`;
    if (shown !== undefined) return value(shown);
    return html`<p class="quiet">${t(this.mustFetch() ? "Loading…" : "Too large to show here.")}</p>`;
  }
}

/** Markdown that the server wrote into the page, by the output's name: nobody has to wait for it. */
const written = new Map<string, string>();

export function takeWritten(page: ParentNode): void {
  for (const output of page.querySelectorAll<HTMLElement>("[data-output]")) {
    const markdown = output.querySelector(".markdown");
    if (markdown) written.set(output.dataset.output ?? "", markdown.innerHTML);
  }
}

async function text(url: string): Promise<string> {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.text();
}

define("taskcast-output", OutputElement);
