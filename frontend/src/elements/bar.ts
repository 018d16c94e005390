import { html, nothing, type TemplateResult } from "lit";
import { count } from "../format";
import { t } from "../i18n";
import type { Progress } from "../types";

/** How far, from 0 to 1; null where nobody knows. */
export function share(progress: Progress): number | null {
  if (progress.total === null || progress.total <= 0) return null;
  return Math.min(1, Math.max(0, progress.current / progress.total));
}

/** A bar in the progress' own units. Without a total it is indeterminate and has no `aria-valuenow`. */
export function bar(progress: Progress, label: string): TemplateResult {
  const known = share(progress);
  return html`<progress
    role="progressbar"
    aria-label=${label}
    aria-valuemin="0"
    aria-valuenow=${known === null ? nothing : progress.current}
    aria-valuemax=${known === null ? nothing : progress.total}
    max="1"
    value=${known ?? nothing}
  ></progress>`;
}

/** `1,200 of 2,000` and `60 %`. */
export function amount(progress: Progress): TemplateResult {
  const known = share(progress);
  const { current, total } = progress;
  if (known === null || total === null) {
    return current ? html`<span class="count">${count(current)}</span>` : html``;
  }
  return html`<span class="count">${t("{current} of {total}", { current: count(current), total: count(total) })}</span>
    <span class="percent">${Math.floor(known * 100)} %</span>`;
}
