import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import type { Pace, PaceWords } from "../pace";
import { eachSecond } from "../seconds";
import { isFinal, type Job } from "../types";
import { define, Piece } from "./piece";

/** Milliseconds between two changes of what is shown, and of what is read out. */
const SHOWN_MS = 1_000;
const TOLD_MS = 30_000;

/** What stands below a job's bar: what is left, how fast it goes, and what is usual. */
export class PaceElement extends Piece {
  static override properties = { job: { attribute: false }, pace: { attribute: false } };
  declare job: Job;
  declare pace: Pace;
  private words: PaceWords | undefined;
  private shownAt = 0;
  private shownState = "";
  private told = "";
  private toldAt = 0;
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

  override willUpdate(changed: PropertyValues): void {
    const now = Date.now();
    if (changed.has("job")) this.pace.take(this.job, now);
    if (now - this.shownAt < SHOWN_MS - 50 && this.shownState === this.job.state) return;
    this.words = this.pace.words(this.job, now);
    this.shownAt = now;
    this.shownState = this.job.state;
    if (this.words.left === this.told || now - this.toldAt < TOLD_MS) return;
    this.told = this.words.left;
    this.toldAt = now;
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.words) return nothing;
    const { left, rate, usually, slow } = this.words;
    return html`<p class="pace">
      ${left ? html`<span class="left">${left}</span>` : nothing}
      ${rate ? html`<span class="rate">${rate}</span>` : nothing}
      ${usually ? html`<span class="usually" data-slow=${slow ? "" : nothing}>${usually}</span>` : nothing}
      <span class="unseen" role="status">${this.told}</span>
    </p>`;
  }
}

define("taskcast-pace", PaceElement);
