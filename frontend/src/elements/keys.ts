import { html, type TemplateResult } from "lit";
import { t } from "../i18n";
import { areOn, turn, watchKeys } from "../keys";
import { define, Piece } from "./piece";

const SAID_MS = 4_000;

/** The button "Keyboard shortcuts" in the foot, and the overlay that it and `?` open. */
export class KeysElement extends Piece {
  static override properties = { on: { state: true }, said: { state: true } };
  declare on: boolean;
  declare said: string;

  override connectedCallback(): void {
    super.connectedCallback();
    this.on = areOn();
    this.said = "";
  }

  protected override firstUpdated(): void {
    watchKeys(
      () => this.open(),
      (copied) => this.say(t(copied ? "Job ID copied" : "The job ID could not be copied")),
    );
  }

  override render(): TemplateResult {
    return html`<button type="button" class="linklike" @click=${() => this.open()}><kbd>?</kbd> ${t("Keyboard shortcuts")}</button>
      <dialog class="keys" aria-labelledby="keys-title" closedby="any">
        <div class="panel-head"><h2 id="keys-title">${t("Keyboard shortcuts")}</h2>
          <form method="dialog"><button class="button">${t("Close")}</button></form></div>
        <dl class="key-list" data-off=${String(!this.on)}>
          ${line(["g", "o"], t("Go to the overview"))} ${line(["g", "t"], t("Go to tasks"))}
          ${line(["g", "j"], t("Go to jobs"))} ${line(["g", "s"], t("Go to schedules"))}
          ${line(["g", "w"], t("Go to workers"))} ${line(["n"], t("Launch a task"))}
          ${line(["/"], t("Search this page"))} ${line(["j"], t("Next row"))} ${line(["k"], t("Previous row"))}
          ${line(["Enter"], t("Open the row"))} ${line(["c"], t("Copy the ID of this job"))}
          ${line(["?"], t("Show this help"))}
        </dl>
        <label class="key-switch"><input type="checkbox" .checked=${this.on} @change=${(event: Event) => this.turn(event)} />
          ${t("Use these shortcuts in this browser")}</label>
      </dialog>
      <span class="toast" role="status" ?hidden=${!this.said}>${this.said}</span>`;
  }

  private open(): void {
    this.on = areOn();
    this.querySelector("dialog")?.showModal();
  }

  private turn({ target }: Event): void {
    this.on = (target as HTMLInputElement).checked;
    turn(this.on);
  }

  private say(words: string): void {
    this.said = words;
    setTimeout(() => {
      this.said = "";
    }, SAID_MS);
  }
}

function line(keys: string[], words: string): TemplateResult {
  return html`<div><dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${words}</dd></div>`;
}

define("taskcast-keys", KeysElement);
