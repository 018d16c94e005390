import { html, type TemplateResult } from "lit";
import { t } from "../i18n";
import { type Choice, choice, turnOff, turnOn } from "../notify";
import { define, Piece } from "./piece";

/** The switch of this browser's notifications. */
export class NotifyElement extends Piece {
  static override properties = { choice: { state: true } };
  declare choice: Choice;

  override connectedCallback(): void {
    super.connectedCallback();
    this.choice = choice();
  }

  override render(): TemplateResult {
    if (this.choice === "impossible")
      return html`<p role="status">${t("This browser cannot show them.")}</p>`;
    if (this.choice === "forbidden")
      return html`<p class="problem" role="status">${t("This browser forbids them for this site: allow them in its settings, then load this page again.")}</p>`;
    const isOn = this.choice === "on";
    return html`<p role="status">${t(isOn ? "They are on." : "They are off.")}</p>
      <button type="button" class="button" @click=${() => this.change(!isOn)}>${t(isOn ? "Turn off" : "Turn on")}</button>`;
  }

  private async change(on: boolean): Promise<void> {
    if (!on) turnOff();
    this.choice = on ? await turnOn() : choice();
  }
}

define("taskcast-notify", NotifyElement);
