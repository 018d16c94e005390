import { t } from "../i18n";
import { define } from "./piece";

let made = 0;

/**
 * A select in which one types: a combobox with a list (ARIA 1.2). The select stays, hidden, and is what the form sends;
 * without a script it is all there is.
 */
export class ChoiceElement extends HTMLElement {
  private select!: HTMLSelectElement;
  private input!: HTMLInputElement;
  private list!: HTMLUListElement;
  private status!: HTMLElement;
  private active = -1;

  connectedCallback(): void {
    const select = this.querySelector("select");
    if (!select || this.input) return;
    this.select = select;
    this.build(`taskcast-choice-${++made}`);
    this.show();
    this.listen();
  }

  /** The input takes over what the page knows of the select: its id, so its label, and its messages. */
  private build(listId: string): void {
    this.input = document.createElement("input");
    this.list = document.createElement("ul");
    this.status = document.createElement("span");
    const given = {
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      autocomplete: "off",
    };
    for (const [name, value] of Object.entries({ ...given, "aria-controls": listId }))
      this.input.setAttribute(name, value);
    for (const name of ["id", "aria-describedby", "aria-invalid", "required"]) {
      const value = this.select.getAttribute(name);
      if (value !== null) this.input.setAttribute(name, value);
      this.select.removeAttribute(name);
    }
    Object.assign(this.list, { id: listId, hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", t("Choices"));
    this.status.className = "unseen";
    this.status.setAttribute("role", "status");
    this.select.hidden = true;
    this.append(this.input, this.list, this.status);
  }

  private listen(): void {
    this.input.addEventListener("click", () => this.open(true));
    this.input.addEventListener("input", () => this.open(false));
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("blur", () => this.settle());
    // The focus stays in the input, or its list would close before the click.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", ({ target }) => {
      const item = target instanceof Element ? target.closest("li") : null;
      if (item) this.choose(item.dataset.key ?? "");
    });
    this.select.addEventListener("change", () => this.show());
    this.select.addEventListener("renewed", () => this.renewed());
    addEventListener("pageshow", () => this.show());
  }

  /** What the select has chosen. */
  private show(): void {
    this.input.value = this.chosen();
    this.input.setCustomValidity("");
  }

  /** Other choices for what is being typed, which is not to be lost. */
  private renewed(): void {
    const isTyping = document.activeElement === this.input && this.input.value !== this.chosen();
    if (isTyping) this.open(false);
    else this.show();
  }

  private chosen(): string {
    return this.choices().find((option) => option.value === this.select.value)?.text ?? "";
  }

  private open(everything: boolean): void {
    const typed = everything ? "" : plain(this.input.value);
    const found = this.choices().filter((option) => plain(option.text).includes(typed));
    // What begins with the text comes before what only contains it.
    const ranked = found
      .filter((option) => plain(option.text).startsWith(typed))
      .concat(found.filter((option) => !plain(option.text).startsWith(typed)));
    this.list.replaceChildren(...ranked.map((option, i) => this.item(option, i)));
    this.list.hidden = ranked.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.status.textContent = ranked.length ? t("{n} choices", { n: ranked.length }) : t("No choice matches");
    this.place();
    this.activate(
      everything ? ranked.findIndex((option) => option.value === this.select.value) : typed ? 0 : -1,
    );
  }

  private choices(): HTMLOptionElement[] {
    return [...this.select.options].filter((option) => option.value !== "");
  }

  private item(option: HTMLOptionElement, number: number): HTMLLIElement {
    const item = document.createElement("li");
    Object.assign(item, { id: `${this.list.id}-${number}`, textContent: option.text });
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.key = option.value;
    return item;
  }

  /** Below the input, or above where there is more room; a table that scrolls would cut it off otherwise. */
  private place(): void {
    const box = this.input.getBoundingClientRect();
    const below = innerHeight - box.bottom;
    const isAbove = below < 200 && box.top > below;
    Object.assign(this.list.style, {
      left: `${box.left}px`,
      width: `${box.width}px`,
      top: isAbove ? "auto" : `${box.bottom}px`,
      bottom: isAbove ? `${innerHeight - box.top}px` : "auto",
      maxHeight: `${Math.min(320, (isAbove ? box.top : below) - 8)}px`,
    });
    if (this.list.hidden) return;
    const follow = (event: Event) => {
      if (event.target === this.list) return;
      if (this.list.hidden) removeEventListener("scroll", follow, true);
      else this.close();
    };
    addEventListener("scroll", follow, true);
  }

  private activate(number: number): void {
    const items = [...this.list.children];
    items[this.active]?.setAttribute("aria-selected", "false");
    this.active = Math.min(number, items.length - 1);
    const item = items[this.active];
    item?.setAttribute("aria-selected", "true");
    if (item) this.input.setAttribute("aria-activedescendant", item.id);
    else this.input.removeAttribute("aria-activedescendant");
    // Not scrollIntoView, which moves the page too.
    if (item instanceof HTMLElement)
      this.list.scrollTop = item.offsetTop - (this.list.clientHeight - item.offsetHeight) / 2;
  }

  private press(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const isOpen = !this.list.hidden;
    const count = this.list.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (isOpen)
        this.activate(this.active < 0 && step < 0 ? count - 1 : (this.active + step + count) % count);
      else this.open(true);
    } else if (event.key === "Enter" && isOpen && this.active >= 0) {
      event.preventDefault();
      this.choose((this.list.children[this.active] as HTMLElement).dataset.key ?? "");
    } else if (event.key === "Enter") {
      this.settle();
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      this.close();
    }
  }

  private choose(key: string): void {
    this.close();
    this.select.value = key;
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  private close(): void {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.activate(-1);
  }

  /** What was typed is a choice, or nothing, or wrong: it is never another choice than the one that is read. */
  private settle(): void {
    this.close();
    const typed = plain(this.input.value);
    const meant = this.choices().find((option) => plain(option.text) === typed);
    if (typed === plain(this.chosen())) {
      this.show();
    } else if (meant || !typed) {
      this.choose(meant?.value ?? "");
    } else {
      this.select.value = "";
      this.input.setCustomValidity(t("Choose one from the list."));
    }
  }
}

const plain = (text: string): string => text.normalize("NFKC").trim().toLowerCase();

define("taskcast-choice", ChoiceElement);
