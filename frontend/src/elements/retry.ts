import { html, nothing, type TemplateResult } from "lit";
import { csrfToken } from "../api";
import { t } from "../i18n";
import { isBatch, isFinal, type Job } from "../types";
import { FollowingPiece } from "./following";
import { define } from "./piece";

/**
 * What launches a job once more, as the server writes it: a button once the job has ended, where the reader may retry
 * it, and a link to the form filled in with its arguments, where he may launch its task.
 */
export class RetryElement extends FollowingPiece {
  static override properties = { action: {}, edit: {} };
  declare action: string;
  declare edit: string;

  override render(): TemplateResult | typeof nothing {
    const job = this.feed?.job;
    if (!job) return nothing;
    const again = this.action ? againWords(job) : "";
    const edit = isFinal(job.state) ? t("Edit and run again…") : t("Edit and run another…");
    return html`${
      again
        ? html`<form method="post" action=${this.action}>
            <input type="hidden" name="csrfmiddlewaretoken" value=${csrfToken()} />
            <button class="button">${again}</button>
          </form>`
        : nothing
    }${this.edit ? html`<a class="button" href=${this.edit}>${edit}</a>` : nothing}`;
  }
}

/** What the button says; of a batch it is for those that did not succeed. Empty where there is nothing to do again. */
function againWords({ state, task, children }: Job): string {
  if (!isFinal(state)) return "";
  if (!isBatch({ task })) return t("Run again");
  const cancelled = children?.cancelled;
  if (!children?.failed && !children?.lost) return cancelled ? t("Run the cancelled ones again") : "";
  return cancelled ? t("Run the failed and cancelled ones again") : t("Run the failed ones again");
}

define("taskcast-retry", RetryElement);
