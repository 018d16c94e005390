import { t } from "../i18n";
import { define } from "./piece";

/** A button beside a text that is there to be copied; without a script one copies by hand. */
export class CopyTextElement extends HTMLElement {
  connectedCallback(): void {
    const input = this.querySelector("input");
    if (!input || this.querySelector("button")) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button", textContent: t("Copy") });
    const status = document.createElement("span");
    status.className = "quiet";
    status.setAttribute("role", "status");
    button.addEventListener("click", async () => {
      input.select();
      // Browsers lend the clipboard to pages of https, and of this machine, alone.
      const copied = await navigator.clipboard?.writeText(input.value).then(
        () => true,
        () => false,
      );
      status.textContent = t(copied ? "Copied." : "Copy it from here:");
    });
    this.append(button, status);
  }
}

define("taskcast-copy-text", CopyTextElement);
