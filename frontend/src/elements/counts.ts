import { html, svg, type TemplateResult } from "lit";
import { count } from "../format";
import type { State } from "../types";
import { childrenPage } from "../urls";
import { badge } from "./badge";
import { FollowingPiece } from "./following";
import { define } from "./piece";

/** In the order in which the bar has them, as dashboard/family.py. */
const ORDER: State[] = [
  "succeeded",
  "failed",
  "lost",
  "cancelled",
  "started",
  "retrying",
  "queued",
  "scheduled",
];

/** How many children of a job are in which state: a bar, and a link for each to the list of those. */
export class CountsElement extends FollowingPiece {
  protected override ready(): boolean {
    return Boolean(this.feed?.job?.children);
  }

  override render(): TemplateResult {
    const counts = this.feed?.job?.children ?? {};
    const shown = ORDER.filter((state) => counts[state]);
    const whole = shown.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
    let before = 0;
    const pieces = shown.map((state) => {
      const begin = (100 * before) / whole;
      before += counts[state] ?? 0;
      const width = (100 * (counts[state] ?? 0)) / whole;
      return svg`<rect data-state=${state} x=${`${begin.toFixed(2)}%`} width=${`${width.toFixed(2)}%`} height="100%"></rect>`;
    });
    return html`<svg class="ends-bar family-bar" aria-hidden="true">${pieces}</svg>
      <ul class="counts">${shown.map(
        (state) =>
          html`<li><a href=${childrenPage(this.job, state)}>${badge(state)} <strong>${count(counts[state] ?? 0)}</strong></a></li>`,
      )}</ul>`;
  }
}

define("taskcast-counts", CountsElement);
