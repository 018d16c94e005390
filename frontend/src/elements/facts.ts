import { html, nothing, type TemplateResult } from "lit";
import { fileName, named } from "../filenames";
import { childrenWords, count, duration } from "../format";
import { t } from "../i18n";
import { write } from "../numbers";
import type { Moment } from "../timeline";
import type { Job, Json } from "../types";
import { groupPage, jobPage, share } from "../urls";
import { value, valuesWords } from "./value";
import "./timeline";

/** Characters of JSON; a longer argument is folded, whole. */
const LONG = 600;

/** Who, when, where, and with what. */
export function facts(job: Job, moments: Moment[] = []): TemplateResult {
  const args = Object.entries(job.args ?? {});
  return html`<section class="panel job-facts">
    <h2>${t("Arguments")}</h2>
    ${
      args.length
        ? html`<dl class="facts">${args.map(([name, arg]) => fact(name, argument(arg), true))}</dl>`
        : html`<p class="quiet">${t("No arguments")}</p>`
    }
    <h2>${t("Timeline")}</h2>
    <taskcast-timeline .job=${job} .moments=${moments}></taskcast-timeline>
    <h2>${t("Details")}</h2>
    <dl class="facts">
      ${fact(t("Job"), html`<code class="id">${job.id}</code>`)}
      ${job.owner ? fact(t("Owner"), job.owner) : nothing}
      ${job.worker ? fact(t("Worker"), html`<code>${job.worker}</code>`) : nothing}
      ${job.attempt > 1 ? fact(t("Attempt"), String(job.attempt)) : nothing}
      ${job.parent && !share() ? fact(t("Parent"), link(job.parent)) : nothing}
      ${job.row ? fact(t("Row"), count(job.row)) : nothing}
      ${job.children ? fact(t("Children"), childrenWords(job.children)) : nothing}
      ${job.group && !share() ? fact(t("Group"), html`<a href=${groupPage(job.group)}><code class="id">${job.group}</code></a>`) : nothing}
      ${job.retry_of && !share() ? fact(t("Retry of"), link(job.retry_of)) : nothing}
    </dl>
  </section>`;
}

function argument(arg: Json): TemplateResult {
  const file = fileName(arg);
  if (file !== undefined) return html`<span class="file-name" title=${String(arg)}>${file}</span>`;
  const long = typeof arg === "string" ? duration(arg) : undefined;
  if (long !== undefined) return html`<span class="value-text" title=${String(arg)}>${long}</span>`;
  const shown = Array.isArray(arg) ? (named({ arg }).arg ?? null) : arg;
  if (shown === null || typeof shown !== "object" || write(shown).length <= LONG) return value(shown, 2);
  return html`<details><summary>${valuesWords(shown)}</summary>${value(shown, 2)}</details>`;
}

const fact = (name: string, body: unknown, code = false): TemplateResult =>
  html`<div><dt class=${code ? "code" : nothing}>${name}</dt><dd>${body}</dd></div>`;

const link = (id: string): TemplateResult => html`<a href=${jobPage(id)}><code class="id">${id}</code></a>`;
