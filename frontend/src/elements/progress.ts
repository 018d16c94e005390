import { html, nothing, type TemplateResult } from "lit";
import { situation } from "../format";
import { t } from "../i18n";
import { described, finished, hasTotal, saysAmount, unfinished } from "../steps";
import { isFinal, type Job, type Progress, type State } from "../types";
import { amount, bar } from "./bar";

const UNKNOWN: Progress = { current: 0, total: null, description: "", steps: [] };

/** The job's bar, what it is doing in words, and its steps. */
export function progress(job: Job): TemplateResult | typeof nothing {
  const shown = job.progress ?? (job.state === "started" ? UNKNOWN : null);
  const words = [situation(job), shown && described(shown)].filter(Boolean).join(" · ");
  if (!shown && !words) return nothing;
  return html`<section class="job-progress" data-state=${job.state}>
    <div class="progress-line">
      <span class="progress-text" aria-live="polite">${words}</span>
      ${shown && saysAmount(shown) ? amount(shown) : nothing}
    </div>
    ${shown && hasBar(shown, job.state) ? bar(shown, t("Progress")) : nothing}
    ${shown?.steps?.length ? steps(shown.steps, job.state) : nothing}
  </section>`;
}

/** Those that are over stand quietly in one line before the others. */
function steps(list: Progress[], state: State): TemplateResult {
  return html`<ol class="steps" aria-label=${t("Steps")}>
    ${finished(list, state).map(
      (name) =>
        html`<li class="step-over"><span class="tick" role="img" aria-label=${t("Done")}>✓</span> ${name}</li>`,
    )}
    ${unfinished(list, state).map(
      (step) => html`<li class="step">
        <div class="progress-line"><span class="step-text">${step.description}</span> ${amount(step)}</div>
        ${hasBar(step, state) ? bar(step, step.description || t("Progress")) : nothing}
        ${step.steps?.length ? steps(step.steps, state) : nothing}
      </li>`,
    )}
  </ol>`;
}

/** Nothing moves any more in a job that has ended. */
const hasBar = (step: Progress, state: State): boolean => hasTotal(step) || !isFinal(state);
