import { getFile } from "../api";
import { t } from "../i18n";
import { type Suggestions, suggest, type Words } from "../suggest";
import { define } from "./piece";

/** The search box of the list of jobs, which offers its language while one types: a combobox with a list (ARIA 1.2). */
export class SearchElement extends HTMLElement {
  private input!: HTMLInputElement;
  private readonly list = document.createElement("ul");
  private words: Promise<Words> | undefined;
  private shown: Suggestions | undefined;
  private active = -1;

  connectedCallback(): void {
    const input = this.querySelector("input");
    if (!input || this.input) return;
    this.input = input;
    Object.assign(this.list, { id: "taskcast-suggestions", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", t("Suggestions"));
    const given = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false" };
    for (const [name, value] of Object.entries({ ...given, "aria-controls": this.list.id }))
      input.setAttribute(name, value);
    this.append(this.list);
    this.listen();
  }

  private listen(): void {
    const open = () => void this.open();
    for (const name of ["input", "click"]) this.input.addEventListener(name, open);
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("blur", () => this.close());
    // The focus stays in the input, or its list would close before the click.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", ({ target }) => {
      const item = target instanceof Element ? target.closest("li") : null;
      if (item) this.choose([...this.list.children].indexOf(item));
    });
    // Not every page has to ask for the words: one that is only looked at does not.
    this.input.addEventListener("focus", () => {
      this.words ??= getFile<Words>(this.getAttribute("words") ?? "").catch(() => {
        this.words = undefined;
        return { qualifiers: [], values: {}, args: {} };
      });
    });
  }

  private async open(): Promise<void> {
    const words = await this.words;
    if (!words || document.activeElement !== this.input) return;
    const { value, selectionStart } = this.input;
    this.shown = suggest(value, selectionStart ?? value.length, words);
    this.list.replaceChildren(...this.shown.items.map(([text, meaning], i) => option(text, meaning, i)));
    this.list.hidden = this.shown.items.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.activate(-1);
  }

  private press(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const isOpen = !this.list.hidden;
    const count = this.list.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (!isOpen) void this.open();
      else this.activate(this.active < 0 && step < 0 ? count - 1 : (this.active + step + count) % count);
    } else if (event.key === "Enter" && isOpen && this.active >= 0) {
      event.preventDefault();
      this.choose(this.active);
    } else if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      this.close();
    }
  }

  private activate(number: number): void {
    this.active = number;
    const items = [...this.list.children];
    for (const [i, item] of items.entries()) item.setAttribute("aria-selected", String(i === number));
    const id = items[number]?.id;
    if (id) this.input.setAttribute("aria-activedescendant", id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  private choose(number: number): void {
    const { shown, input } = this;
    const text = shown?.items[number]?.[0];
    if (!shown || text === undefined) return;
    const rest = input.value.slice(shown.to);
    input.setRangeText(
      text.endsWith(" ") && rest.startsWith(" ") ? text.trimEnd() : text,
      shown.from,
      shown.to,
      "end",
    );
    // What takes a value is followed by its values.
    if (text.endsWith(" ")) this.close();
    else void this.open();
  }

  private close(): void {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.activate(-1);
  }
}

function option(text: string, meaning: string, number: number): HTMLLIElement {
  const item = document.createElement("li");
  item.id = `taskcast-suggestion-${number}`;
  item.setAttribute("role", "option");
  const [code, words] = [document.createElement("code"), document.createElement("span")];
  code.textContent = text.trimEnd();
  words.textContent = meaning;
  item.append(code, " ", words);
  return item;
}

define("taskcast-search", SearchElement);
