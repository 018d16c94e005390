import { html, nothing, type TemplateResult } from "lit";
import { t } from "../i18n";
import type { Job } from "../types";
import { fileUrl } from "../urls";
import { value } from "./value";

/** What the job returned; a value that is a file is a link to it. */
export function result(job: Job): TemplateResult | typeof nothing {
  if (job.state !== "succeeded") return nothing;
  const cut = job.result === null && job.truncated?.includes("result");
  return html`<section class="panel job-result" aria-live="polite">
    <h2>${t("Result")}</h2>
    <div class="value">
      ${
        cut
          ? html`<p>${t("Too large to show here.")} <a href=${fileUrl(job.id, "result")} download>${t("Download")}</a></p>`
          : value(job.result)
      }
    </div>
  </section>`;
}

/** Why the job ended badly: the exception first, its traceback folded. */
export function failure(job: Job): TemplateResult | typeof nothing {
  const { error } = job;
  if (!error) return nothing;
  return html`<section class="panel job-error" role="region" aria-label=${t("Error")}>
    <h2>${t("Error")}</h2>
    <p class="error-line"><strong>${error.type}</strong> <span>${error.message}</span></p>
    ${
      error.traceback
        ? html`<details><summary>${t("Traceback")}</summary><pre class="traceback" tabindex="0">${error.traceback}</pre></details>`
        : nothing
    }
  </section>`;
}
