import { csrfToken } from "../api";
import { score, wordsOf } from "../catalogue";
import { t } from "../i18n";
import { define } from "./piece";

interface Card {
  row: HTMLLIElement;
  at: number;
  title: string;
}

/** Around the catalogue: finds tasks while one types, opens the first at Enter, keeps favourites without leaving. */
export class CatalogueElement extends HTMLElement {
  private cards: Card[] = [];
  private readonly onKey = (event: KeyboardEvent) => this.key(event);

  connectedCallback(): void {
    const rows = [...this.querySelectorAll<HTMLLIElement>("li[data-task]")];
    this.cards = rows
      .map((row) => ({ row, at: Number(row.dataset.at), title: link(row)?.textContent?.trim() ?? "" }))
      .sort((a, b) => a.at - b.at);
    this.search?.addEventListener("input", () => this.arrange());
    this.search?.form?.addEventListener("submit", (event) => this.open(event));
    this.addEventListener("submit", (event) => void this.keep(event));
    document.addEventListener("keydown", this.onKey);
    // What the browser kept of the page may differ from what the server wrote.
    this.arrange();
  }

  disconnectedCallback(): void {
    document.removeEventListener("keydown", this.onKey);
  }

  private get search(): HTMLInputElement | null {
    return this.querySelector('input[type="search"]');
  }

  private key(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    if (event.key === "ArrowDown" && target === this.search) this.first()?.focus();
    else if (
      event.key === "/" &&
      !(target as Element).closest?.("input, textarea, select, [contenteditable]")
    )
      this.search?.focus();
    else return;
    event.preventDefault();
  }

  private open(event: Event): void {
    event.preventDefault();
    if (this.search?.value.trim()) this.first()?.click();
  }

  private first(): HTMLAnchorElement | null {
    return this.querySelector(".task-group:not([hidden]) .task-title");
  }

  /** Each card where it belongs now: found, kept, or in its group. */
  private arrange(): void {
    const focused = document.activeElement;
    const query = this.search?.value.trim() ?? "";
    const found = query ? this.matching(query) : [];
    this.fill(".task-found", found, query !== "");
    const others = this.cards.filter((card) => !found.includes(card.row)).map(({ row }) => row);
    const kept = others.filter((row) => "favourite" in row.dataset);
    this.fill("[data-kept]", kept, !query && kept.length > 0);
    for (const home of this.querySelectorAll<HTMLElement>("[data-home]")) {
      const rows = others.filter(
        (row) => !("favourite" in row.dataset) && row.dataset.group === home.dataset.home,
      );
      this.fill(home, rows, !query && rows.length > 0);
    }
    this.toggle(".task-recent", query === "");
    this.toggle(".task-found > .empty", query !== "" && found.length === 0);
    this.say(query ? t("{n} tasks found", { n: found.length }) : "");
    // Back from a task, the same is found again.
    history.replaceState(
      history.state,
      "",
      query ? `?${new URLSearchParams({ q: query })}` : location.pathname,
    );
    if (focused instanceof HTMLElement && this.contains(focused)) focused.focus();
  }

  private matching(query: string): HTMLLIElement[] {
    const words = wordsOf(query);
    return this.cards
      .map((card) => {
        const { task = "", about = "" } = card.row.dataset;
        return {
          ...card,
          points: score(words, card.title, task, about),
          kept: "favourite" in card.row.dataset,
        };
      })
      .filter(({ points }) => points > 0)
      .sort((a, b) => b.points - a.points || Number(b.kept) - Number(a.kept) || a.at - b.at)
      .map(({ row }) => row);
  }

  private fill(place: string | HTMLElement, rows: HTMLLIElement[], shown: boolean): void {
    const section = typeof place === "string" ? this.querySelector<HTMLElement>(place) : place;
    if (!section) return;
    section.hidden = !shown;
    const list = section.querySelector(".task-list");
    if (!list || (list.children.length === rows.length && rows.every((row, n) => list.children[n] === row)))
      return;
    list.replaceChildren(...rows);
  }

  private toggle(place: string, shown: boolean): void {
    const found = this.querySelector<HTMLElement>(place);
    if (found) found.hidden = !shown;
  }

  private say(words: string, isProblem = false): void {
    const status = this.querySelector('[role="status"]');
    if (!status) return;
    status.textContent = words;
    status.className = isProblem ? "problem" : "unseen";
  }

  private async keep(event: SubmitEvent): Promise<void> {
    const form = event.target as HTMLFormElement;
    const row = form.closest<HTMLLIElement>("li[data-task]");
    const button = form.querySelector<HTMLButtonElement>(".star");
    if (!row || !button) return;
    event.preventDefault();
    const keeps = !("favourite" in row.dataset);
    this.mark(row, button, keeps);
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams({ task: row.dataset.task ?? "", keep: keeps ? "1" : "0" }),
        credentials: "same-origin",
        headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
      });
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      this.say(t(keeps ? "It is among your favourites." : "It is no longer among your favourites."));
    } catch {
      this.mark(row, button, !keeps);
      this.say(t("Your favourites could not be changed. Try again."), true);
    }
  }

  private mark(row: HTMLLIElement, button: HTMLButtonElement, kept: boolean): void {
    row.toggleAttribute("data-favourite", kept);
    button.setAttribute("aria-pressed", String(kept));
    button.value = kept ? "0" : "1";
    this.arrange();
  }
}

const link = (row: Element): HTMLAnchorElement | null => row.querySelector(".task-title");

define("taskcast-catalogue", CatalogueElement);
