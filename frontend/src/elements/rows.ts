import { t } from "../i18n";
import { renewIn } from "../renewal";
import { define } from "./piece";

/** A table of a form whose rows come and go. Without a script its buttons send the form, which comes back changed. */
export class RowsElement extends HTMLElement {
  connectedCallback(): void {
    // One empty row is an invitation, and the others are for those who have no script.
    const spare = [...this.querySelectorAll("tr.spare")];
    for (const row of spare.slice(this.rows().length > spare.length ? 0 : 1)) row.remove();
    this.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button?.matches(".add-row")) this.add();
      else if (button?.matches(".remove-row")) this.drop(button.closest("tr"));
      else return;
      event.preventDefault();
    });
  }

  private rows(): HTMLTableRowElement[] {
    return [...this.querySelectorAll<HTMLTableRowElement>("tbody > tr")];
  }

  private add(): void {
    const blank = document.createElement("template");
    blank.innerHTML = (this.querySelector("template")?.innerHTML ?? "").replaceAll(
      "__row__",
      String(this.next()),
    );
    const row = blank.content.querySelector("tr");
    if (!row) return;
    this.querySelector("tbody")?.append(row);
    this.number();
    renewIn(row);
    row
      .querySelector<HTMLElement>("input:not([type=hidden], [hidden]), select:not([hidden]), textarea")
      ?.focus();
  }

  /** A number that no row has had: gaps do no harm. */
  private next(): number {
    const names = [...this.querySelectorAll<HTMLButtonElement>(".remove-row")].map(({ value }) => value);
    return Math.max(-1, ...names.map((name) => Number(name.slice(name.lastIndexOf(".") + 1)))) + 1;
  }

  private drop(row: HTMLTableRowElement | null): void {
    const after = row?.nextElementSibling ?? row?.previousElementSibling;
    row?.remove();
    this.number();
    (after ?? this).querySelector<HTMLElement>(after ? ".remove-row" : ".add-row")?.focus();
  }

  /** Rows are counted as they stand. */
  private number(): void {
    this.rows().forEach((row, i) => {
      for (const place of row.querySelectorAll(".cell-label .unseen"))
        place.textContent = ` ${t("in row {number}", { number: i + 1 })}`;
      const button = row.querySelector<HTMLElement>(".remove-row");
      if (!button) return;
      button.title = t("Remove row {number}", { number: i + 1 });
      const words = button.querySelector(".unseen");
      if (words) words.textContent = button.title;
    });
  }
}

define("taskcast-rows", RowsElement);
