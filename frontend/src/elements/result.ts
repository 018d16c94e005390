import { html, nothing, type TemplateResult } from "lit";
import { errorParts } from "../format";
import { t } from "../i18n";
import type { Job, Json } from "../types";
import { csvUrl, fileUrl } from "../urls";
import "./table";
import { isRow, isTable, object, value } from "./value";

/** What the job returned; what one of its outputs shows under the same name is a link to that. */
export function result(job: Job, compact: boolean): TemplateResult | typeof nothing {
  if (job.state !== "succeeded") return nothing;
  const cut = job.result === null && job.truncated?.includes("result");
  const hasFile = cut || (typeof job.result === "object" && job.result !== null);
  return html`<section class="panel job-result" aria-live="polite">
    <div class="panel-head">
      <h2>${t("Result")}</h2>
      ${
        hasFile
          ? html`<span class="output-links">${isTable(job.result) ? html`<a href=${csvUrl(job.id, "result")} download>CSV</a> ` : nothing}<a
                href=${fileUrl(job.id, "result")} download>${t("Download")}</a></span>`
          : nothing
      }
    </div>
    <div class="value">${cut ? html`<p>${t("Too large to show here.")}</p>` : body(job, compact)}</div>
  </section>`;
}

function body(job: Job, compact: boolean): TemplateResult {
  if (isTable(job.result)) return html`<taskcast-table .rows=${job.result}></taskcast-table>`;
  if (!isRow(job.result)) return value(job.result);
  const at = new Map((job.outputs ?? []).map((output, n) => [output.name, n + 1]));
  return object(job.result, 0, (name, field: Json) => {
    if (!at.has(name) || typeof field !== "object" || field === null) return undefined;
    const words = t("See the output above");
    // In somebody else's page our tree is a shadow, into which no address leads.
    if (compact) return html`<span class="quiet">${words}</span>`;
    return html`<a class="value-above" href=${`#output-${at.get(name)}`}>${words}</a>`;
  });
}

/** Why the job ended badly: the exception first, its traceback folded. */
export function failure(job: Job): TemplateResult | typeof nothing {
  const { error } = job;
  if (!error) return nothing;
  const [type, message] = errorParts(error);
  return html`<section class="panel job-error" role="region" aria-label=${t("Error")}>
    <h2>${t("Error")}</h2>
    <p class="error-line">${type ? html`<strong>${type}</strong> ` : nothing}<span>${message}</span></p>
    ${
      error.traceback
        ? html`<details><summary>${t("Traceback")}</summary><pre class="traceback" tabindex="0">${error.traceback}</pre></details>`
        : nothing
    }
  </section>`;
}
