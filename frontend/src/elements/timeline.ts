import { html, nothing, svg, type TemplateResult } from "lit";
import { count, stateWord, when } from "../format";
import { t } from "../i18n";
import { reasonWords } from "../reasons";
import { eachSecond } from "../seconds";
import { type Moment, type Phase, parts, phases } from "../timeline";
import { isFinal, type Job } from "../types";
import { define, Piece } from "./piece";
import "./span";

/** The job's way from its launch to its end: a bar of waiting and running, and the moments with what followed. */
export class TimelineElement extends Piece {
  static override properties = { job: { attribute: false }, moments: { attribute: false } };
  declare job: Job;
  declare moments: Moment[];
  private still: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.still = eachSecond(() => {
      if (!isFinal(this.job.state)) this.requestUpdate();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.still?.();
  }

  override render(): TemplateResult {
    const way = phases(this.job, this.moments);
    return html`<svg class="timeline-bar" aria-hidden="true">${parts(way, Date.now()).map(
      ({ state, x, width }) =>
        svg`<rect data-state=${state} x=${`${x}%`} width=${`${width}%`} height="100%"></rect>`,
    )}</svg><ol class="timeline">${way.map(
      (
        phase,
      ) => html`<li data-state=${phase.state}><span class="timeline-mark"></span><span class="timeline-words">${words(phase)}${
        phase.reason ? html` <span class="quiet">${reasonWords(phase.reason)}</span>` : nothing
      }</span>
        <time datetime=${phase.start} title=${when(phase.start)}>${when(phase.start, true)}</time> <span class="timeline-length">${
          isFinal(phase.state)
            ? nothing
            : html`<taskcast-span .from=${phase.start} .to=${phase.end}></taskcast-span>`
        }</span></li>`,
    )}</ol>`;
  }
}

function words({ state, attempt }: Phase): string {
  if (state === "") return "…";
  return state === "started" && attempt > 1
    ? t("Running, attempt {n}", { n: count(attempt) })
    : stateWord(state);
}

define("taskcast-timeline", TimelineElement);
