import { html, nothing, type TemplateResult } from "lit";
import { situation } from "../format";
import { t } from "../i18n";
import { isFinal, type Job, type Progress } from "../types";
import { amount, bar } from "./bar";

const UNKNOWN: Progress = { current: 0, total: null, description: "", steps: [] };

/** The job's bar, what it is doing in words, and its steps. */
export function progress(job: Job): TemplateResult | typeof nothing {
  const shown = job.progress ?? (job.state === "started" ? UNKNOWN : null);
  const words = [situation(job), shown?.description].filter(Boolean).join(" · ");
  if (!shown && !words) return nothing;
  return html`<section class="job-progress" data-state=${job.state}>
    <div class="progress-line">
      <span class="progress-text" aria-live="polite">${words}</span>
      ${shown ? amount(shown) : nothing}
    </div>
    ${shown && (!isFinal(job.state) || shown.total !== null) ? bar(shown, t("Progress")) : nothing}
    ${shown?.steps?.length ? steps(shown.steps) : nothing}
  </section>`;
}

function steps(list: Progress[]): TemplateResult {
  return html`<ol class="steps" aria-label=${t("Steps")}>
    ${list.map(
      (step) => html`<li class="step">
        <div class="progress-line"><span class="step-text">${step.description}</span> ${amount(step)}</div>
        ${bar(step, step.description || t("Progress"))} ${step.steps?.length ? steps(step.steps) : nothing}
      </li>`,
    )}
  </ol>`;
}
