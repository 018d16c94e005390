import { html, nothing, type TemplateResult } from "lit";
import { csrfToken } from "../api";
import { t } from "../i18n";
import { define, Piece } from "./piece";

type Answer = { address: string; complete: boolean };

/** The button that copies a link which fills the form around it in as it is now. The server knows how such a link is written. */
export class CopyLinkElement extends Piece {
  static override properties = { link: { state: true }, says: { state: true } };
  declare link: string;
  declare says: string;

  override render(): TemplateResult {
    return html`<button type="button" class="button" @click=${() => this.copy()}>
        ${t("Copy a link to these inputs")}
      </button>
      ${this.link ? html`<input class="copied-link" readonly aria-label=${t("Link to these inputs")} .value=${this.link} />` : nothing}
      <span class="quiet" role="status">${this.says}</span>`;
  }

  private async copy(): Promise<void> {
    const form = this.closest("form");
    if (!form) return;
    try {
      const { address, complete } = await ask(form);
      this.link = address;
      const left = complete ? "" : ` ${t("Secrets, files and long texts are left out.")}`;
      this.says = `${(await isCopied(address)) ? t("Copied.") : t("Copy it from here:")}${left}`;
    } catch {
      this.link = "";
      this.says = t("The link could not be made. Try again.");
    }
    await this.updateComplete;
    this.querySelector<HTMLInputElement>(".copied-link")?.select();
  }
}

async function ask(form: HTMLFormElement): Promise<Answer> {
  const data = new FormData(form);
  const secrets = [...form.querySelectorAll<HTMLInputElement>("input[type=password]")];
  for (const [name, value] of [...data])
    if (typeof value !== "string" || secrets.some((input) => input.name === name)) data.delete(name);
  data.set(".do", "link");
  const answer = await fetch(location.href, {
    method: "POST",
    body: data,
    credentials: "same-origin",
    headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
  });
  if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
  return (await answer.json()) as Answer;
}

/** Browsers lend the clipboard to pages of https, and of this machine, alone. */
async function isCopied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

define("taskcast-copy-link", CopyLinkElement);
