import { html, nothing, svg, type TemplateResult } from "lit";
import { childrenWords, situation } from "../format";
import { t } from "../i18n";
import type { Pace } from "../pace";
import { described, finished, hasTotal, nameOf, saysAmount, unfinished } from "../steps";
import { isBatch, isFinal, type Job, type Progress, type State } from "../types";
import { amount, bar } from "./bar";
import "./pace";
import "./span";

const UNKNOWN: Progress = { current: 0, total: null, description: "", steps: [] };
/** In the order in which a batch's bar has them. */
const ENDS: State[] = ["succeeded", "failed", "lost", "cancelled"];

/** The job's bar, what it is doing in words, and its steps. */
export function progress(job: Job, pace?: Pace): TemplateResult | typeof nothing {
  const shown = job.progress ?? (job.state === "started" ? UNKNOWN : null);
  const words = [situation(job), shown && described(shown)].filter(Boolean).join(" · ");
  if (!shown && !words) return nothing;
  const counts = isBatch(job) ? job.children : null;
  return html`<section class="job-progress" data-state=${job.state}>
    <div class="progress-line">
      <span class="progress-text" aria-live="polite">${words}</span>
      ${shown && saysAmount(shown) && !(counts && isUnhappy(job.state)) ? amount(shown) : nothing}
    </div>
    ${counts && shown ? parts(counts, shown) : shown && hasBar(shown, job.state) ? bar(shown, t("Progress")) : nothing}
    ${pace && job.started_at ? html`<taskcast-pace .job=${job} .pace=${pace}></taskcast-pace>` : nothing}
    ${shown?.steps?.length ? steps(shown.steps, job) : nothing}
  </section>`;
}

/** The bar of a batch: how many of its jobs ended how. */
function parts(counts: Record<string, number>, { current, total }: Progress): TemplateResult {
  let begin = 0;
  const pieces = ENDS.filter((state) => counts[state]).map((state) => {
    const width = (100 * (counts[state] ?? 0)) / (total ?? 1);
    begin += width;
    return svg`<rect data-state=${state} x=${`${(begin - width).toFixed(2)}%`} width=${`${width.toFixed(2)}%`} height="100%"></rect>`;
  });
  const words = childrenWords(counts);
  return html`<svg class="ends-bar" role="progressbar" aria-label=${t("Progress")} aria-valuemin="0" aria-valuenow=${current}
      aria-valuemax=${total} aria-valuetext=${words}>${pieces}</svg>
    <p class="ends-words">${words}</p>`;
}

/** Those that are over stand quietly before the others. */
function steps(list: Progress[], job: Job): TemplateResult {
  const { state } = job;
  const inside = (step: Progress) => (step.steps?.length ? steps(step.steps, job) : nothing);
  return html`<ol class="steps" aria-label=${t("Steps")}>
    ${finished(list, state).map(
      (step) => html`<li class="step-over">
        <div class="step-line"><span class="step-name"><span class="tick" role="img" aria-label=${t("Done")}>✓</span> ${nameOf(step)}</span> ${time(step, job)}</div>
        ${inside(step)}
      </li>`,
    )}
    ${unfinished(list, state).map(
      (step) => html`<li class="step">
        <div class="progress-line"><span class="step-text">${step.description}</span> ${amount(step)} ${time(step, job)}</div>
        ${moves(step, state) ? bar(step, step.description || t("Progress")) : nothing}
        ${inside(step)}
      </li>`,
    )}
  </ol>`;
}

/** How long a step took, or has taken. */
function time({ started, finished }: Progress, job: Job): TemplateResult | typeof nothing {
  if (started === undefined) return nothing;
  const to = finished === undefined ? job.finished_at : iso(finished);
  return html`<taskcast-span class="step-time" .from=${iso(started)} .to=${to}></taskcast-span>`;
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** "100 %" would sound like success. */
const isUnhappy = (state: State): boolean => isFinal(state) && state !== "succeeded";

/** Nothing moves any more in a job that has ended. */
const hasBar = (step: Progress, state: State): boolean => hasTotal(step) || !isFinal(state);
/** Nor in a step that was left before its end. */
const moves = (step: Progress, state: State): boolean => step.finished === undefined && hasBar(step, state);
