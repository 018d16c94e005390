import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { getFile } from "../api";
import { bytes } from "../format";
import { t } from "../i18n";
import type { Json, Output } from "../types";
import { fileUrl } from "../urls";
import { define, Piece } from "./piece";
import { value } from "./value";

/** A table that is republished at every row must not be fetched at every row. */
const PAUSE_MS = 1_000;
/** Larger files are for downloading. */
const LARGEST = 2_000_000;

/** One thing that a job published: shown by its kind, and fetched where it is too large for an event. */
export class OutputElement extends Piece {
  static override properties = {
    job: {},
    at: { type: Number },
    entry: { attribute: false },
    fetched: { state: true },
  };
  declare job: string;
  /** Its place among the job's outputs, from 1. */
  declare at: number;
  declare entry: Output;
  declare fetched: Json | undefined;
  private version = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  override willUpdate(changed: PropertyValues): void {
    if (!changed.has("entry")) return;
    this.version += 1;
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
    return value === undefined && kind !== "image" && kind !== "file" && (size ?? 0) <= LARGEST;
  }

  private async load(): Promise<void> {
    const { version } = this;
    const url = fileUrl(this.job, this.entry.name);
    const json = this.entry.kind === "markdown" ? text(url) : getFile<Json>(url);
    const answer = await json.catch(() => undefined);
    if (answer !== undefined) this.fetched = answer;
    this.timer = undefined;
    if (version !== this.version && this.isConnected) this.timer = setTimeout(() => this.load(), PAUSE_MS);
  }

  override render(): TemplateResult {
    const { name, size } = this.entry;
    return html`<figure class="output" id=${`output-${this.at}`} data-output=${name}>
      <figcaption>
        <span class="output-name">${name}</span>
        ${size === undefined ? nothing : html`<a href=${fileUrl(this.job, name)} download>${t("Download")} <span class="quiet">${bytes(size)}</span></a>`}
      </figcaption>
      <div class="value">${this.body()}</div>
    </figure>`;
  }

  private body(): TemplateResult | typeof nothing {
    const { kind, name } = this.entry;
    if (kind === "file") return nothing;
    // The version keeps the browser from showing the picture that was published before under this name.
    if (kind === "image")
      return html`<img src=${`${fileUrl(this.job, name)}?v=${this.version}`} alt=${name} loading="lazy" />`;
    const shown = this.entry.value ?? this.fetched;
    if (shown !== undefined) return value(shown);
    return html`<p class="quiet">${t(this.mustFetch() ? "Loading…" : "Too large to show here.")}</p>`;
  }
}

async function text(url: string): Promise<string> {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.text();
}

define("taskcast-output", OutputElement);
