import { html, nothing, type TemplateResult } from "lit";
import { csrfToken } from "../api";
import { t } from "../i18n";
import { isFinal } from "../types";
import { FollowingPiece } from "./following";
import { define } from "./piece";

/** The button that launches a job once more, once it has ended: the form that the server writes, when the time comes. */
export class RetryElement extends FollowingPiece {
  static override properties = { action: {}, batch: { type: Boolean } };
  declare action: string;
  declare batch: boolean;

  override render(): TemplateResult | typeof nothing {
    const job = this.feed?.job;
    if (!job || !isFinal(job.state)) return nothing;
    return html`<form method="post" action=${this.action}>
      <input type="hidden" name="csrfmiddlewaretoken" value=${csrfToken()} />
      <button class="button">${t(this.batch ? "Run the failed ones again" : "Run again")}</button>
    </form>`;
  }
}

define("taskcast-retry", RetryElement);
