import { t } from "../i18n";
import { define } from "./piece";

/** A search above many check boxes; what is ticked stays in sight. */
export class ChecklistElement extends HTMLElement {
  private search: HTMLInputElement | undefined;

  connectedCallback(): void {
    if (this.search) return;
    this.search = document.createElement("input");
    Object.assign(this.search, { type: "search", placeholder: t("Search") });
    this.search.setAttribute("aria-label", t("Search"));
    this.search.addEventListener("input", () => this.filter());
    // Enter would launch.
    this.search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    this.addEventListener("renewed", () => this.filter());
    this.prepend(this.search);
  }

  private filter(): void {
    const typed = (this.search?.value ?? "").trim().toLowerCase();
    for (const label of this.querySelectorAll("label")) {
      const box = label.querySelector("input");
      const row = label.parentElement ?? label;
      row.hidden = !box?.checked && !(label.textContent ?? "").toLowerCase().includes(typed);
    }
  }
}

define("taskcast-checklist", ChecklistElement);
