import { html, nothing, type TemplateResult } from "lit";
import { fileName, named } from "../filenames";
import { childrenWords, count, duration, when } from "../format";
import { t } from "../i18n";
import { write } from "../numbers";
import type { Job, Json } from "../types";
import { groupPage, jobPage } from "../urls";
import { value, valuesWords } from "./value";
import "./span";

/** Characters of JSON; a longer argument is folded, whole. */
const LONG = 600;

/** Who, when, where, and with what. */
export function facts(job: Job): TemplateResult {
  const args = Object.entries(job.args ?? {});
  return html`<section class="panel job-facts">
    <h2>${t("Arguments")}</h2>
    ${
      args.length
        ? html`<dl class="facts">${args.map(([name, arg]) => fact(name, argument(arg), true))}</dl>`
        : html`<p class="quiet">${t("No arguments")}</p>`
    }
    <h2>${t("Details")}</h2>
    <dl class="facts">
      ${fact(t("Job"), html`<code class="id">${job.id}</code>`)}
      ${job.owner ? fact(t("Owner"), job.owner) : nothing}
      ${fact(t("Created"), time(job.created_at))}
      ${job.started_at ? fact(t("Started"), time(job.started_at)) : nothing}
      ${job.finished_at ? fact(t("Finished"), time(job.finished_at)) : nothing}
      ${job.created_at ? fact(t("Waited"), length(job.created_at, job.started_at ?? job.finished_at)) : nothing}
      ${job.started_at ? fact(t("Ran"), length(job.started_at, job.finished_at)) : nothing}
      ${job.worker ? fact(t("Worker"), html`<code>${job.worker}</code>`) : nothing}
      ${job.attempt > 1 ? fact(t("Attempt"), String(job.attempt)) : nothing}
      ${job.parent ? fact(t("Parent"), link(job.parent)) : nothing}
      ${job.row ? fact(t("Row"), count(job.row)) : nothing}
      ${job.children ? fact(t("Children"), childrenWords(job.children)) : nothing}
      ${job.group ? fact(t("Group"), html`<a href=${groupPage(job.group)}><code class="id">${job.group}</code></a>`) : nothing}
      ${job.retry_of ? fact(t("Retry of"), link(job.retry_of)) : nothing}
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

const time = (iso: string | null): TemplateResult =>
  html`<time datetime=${iso ?? nothing}>${when(iso)}</time>`;

const length = (from: string, to: string | null): TemplateResult =>
  html`<taskcast-span .from=${from} .to=${to}></taskcast-span>`;

const link = (id: string): TemplateResult => html`<a href=${jobPage(id)}><code class="id">${id}</code></a>`;
