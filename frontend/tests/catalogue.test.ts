import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import examples from "../../tests/data/catalogue.json";
import { score, wordsOf } from "../src/catalogue";
import "../src/elements/catalogue";

describe("how well a task answers", () => {
  it.each(examples)("$query: $score", ({ query, title, name, description, score: points }) => {
    expect(score(wordsOf(query), title, name, description)).toBe(points);
  });
});

describe("the catalogue", () => {
  const card = (at: number, title: string, group: string) =>
    `<li data-task="a.${title.toLowerCase()}" data-at="${at}" data-group="${group}" data-about="About it">
      <a class="task-title" href="#${title}">${title}</a>
      <form method="post" action="/tasks/"><button class="star" aria-pressed="false"></button></form></li>`;

  beforeEach(() => {
    history.replaceState(null, "", "/tasks/");
    const page = document.createElement("div");
    page.innerHTML = `<taskcast-catalogue>
      <form><input type="search"></form><p role="status"></p><nav class="task-recent"></nav>
      <section class="task-group task-found" hidden><ul class="task-list"></ul><p class="empty" hidden></p></section>
      <section class="task-group" data-kept hidden><ul class="task-list"></ul></section>
      <section class="task-group" data-home="A"><ul class="task-list">${card(0, "Add", "A")}${card(1, "Mul", "A")}</ul></section>
      <section class="task-group" data-home="B"><ul class="task-list">${card(2, "Readd", "B")}</ul></section>
    </taskcast-catalogue>`;
    document.body.append(page);
  });
  afterEach(() => {
    document.body.innerHTML = "";
    vi.unstubAllGlobals();
  });

  const search = () => document.querySelector("input") as HTMLInputElement;
  const shown = () =>
    [...document.querySelectorAll(".task-group:not([hidden]) .task-title")].map((link) => link.textContent);
  const type = (text: string) => {
    search().value = text;
    search().dispatchEvent(new Event("input"));
  };

  it("finds while one types, the best first, and shows all again", () => {
    type("add");
    expect(shown()).toEqual(["Add", "Readd"]);
    expect(location.search).toBe("?q=add");
    expect(document.querySelector('[role="status"]')?.textContent).toBe("2 tasks found");
    type("");
    expect(shown()).toEqual(["Add", "Mul", "Readd"]);
    expect(location.search).toBe("");
  });

  it("says so where nothing is found", () => {
    type("nothing");
    expect(shown()).toEqual([]);
    expect(document.querySelector(".empty")?.hasAttribute("hidden")).toBe(false);
  });

  it("opens the first at Enter", () => {
    const opened = vi.fn((event: Event) => event.preventDefault());
    document.querySelector('a[href="#Readd"]')?.addEventListener("click", opened);
    type("readd");
    search().form?.dispatchEvent(new Event("submit", { cancelable: true }));
    expect(opened).toHaveBeenCalled();
  });

  it("takes the focus at a slash", () => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "/", bubbles: true, cancelable: true }));
    expect(document.activeElement).toBe(search());
  });

  it("keeps a favourite at once, and takes it back where the server would not", async () => {
    vi.stubGlobal(
      "fetch",
      vi.fn(async () => ({ ok: false, redirected: false, statusText: "no" })),
    );
    const form = document.querySelectorAll<HTMLFormElement>("li form")[1] as HTMLFormElement;
    form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
    expect(shown()).toEqual(["Mul", "Add", "Readd"]);
    expect(form.querySelector("button")?.getAttribute("aria-pressed")).toBe("true");
    await vi.waitFor(() => expect(shown()).toEqual(["Add", "Mul", "Readd"]));
    expect(document.querySelector('[role="status"]')?.className).toBe("problem");
  });
});
