import { count } from "../format";
import { t } from "../i18n";
import { define } from "./piece";

/** Which rows of a form are ticked: how many, all, and with Shift from one to another. Its buttons send the form. */
export class PicksElement extends HTMLElement {
  private form: HTMLFormElement | null = null;
  private last: HTMLInputElement | undefined;

  connectedCallback(): void {
    this.form = this.closest("form");
    this.all?.addEventListener("change", ({ target }) => {
      for (const box of this.boxes()) box.checked = (target as HTMLInputElement).checked;
      this.show();
    });
    this.form?.addEventListener("click", (event) => this.pick(event));
    // Said by the list when rows come and go.
    this.form?.addEventListener("rows", () => this.show());
    addEventListener("pageshow", () => this.show());
    this.show();
  }

  private get all(): HTMLInputElement | null {
    return this.querySelector(".pick-all input");
  }

  private boxes(): HTMLInputElement[] {
    return [...(this.form?.querySelectorAll<HTMLInputElement>("input[name=job]") ?? [])];
  }

  private pick({ target, shiftKey }: MouseEvent): void {
    if (!(target instanceof HTMLInputElement) || target.name !== "job") return;
    const boxes = this.boxes();
    const [from, to] = [boxes.indexOf(this.last ?? target), boxes.indexOf(target)].sort((a, b) => a - b);
    if (shiftKey && from !== undefined && from >= 0)
      for (const box of boxes.slice(from, (to ?? 0) + 1)) box.checked = target.checked;
    this.last = target;
    this.show();
  }

  private show(): void {
    const boxes = this.boxes();
    const picked = boxes.filter((box) => box.checked).length;
    const words = this.querySelector(".picked");
    const said = picked ? t("{n} selected", { n: count(picked) }) : "";
    // Said again only where it is something else: this is read out.
    if (words && words.textContent !== said) words.textContent = said;
    const { all } = this;
    if (all) {
      all.checked = picked > 0 && picked === boxes.length;
      all.indeterminate = picked > 0 && picked < boxes.length;
      all.disabled = boxes.length === 0;
    }
    for (const button of this.querySelectorAll<HTMLButtonElement>("button[name=action]"))
      button.disabled = picked === 0;
  }
}

define("taskcast-picks", PicksElement);
