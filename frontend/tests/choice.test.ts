import { beforeEach, expect, it } from "vitest";
import "../src/elements/choice";
import "../src/elements/checklist";

let select: HTMLSelectElement;
let input: HTMLInputElement;
let changes: number;

/** As a page has it when the scripts begin: elements come with all that stands in them. */
function page(html: string): void {
  const place = document.createElement("main");
  place.innerHTML = html;
  document.body.replaceChildren(place);
}

beforeEach(() => {
  page(`<form><label for="id_city">City</label><taskcast-choice>
    <select name="city" id="id_city" required aria-describedby="id_city_error">
      <option value="">---------</option>
      <option value="s">Seoul</option><option value="b" selected>Busan</option><option value="d">Daejeon</option>
      <option value="x">New Seoul</option>
    </select></taskcast-choice></form>`);
  select = document.querySelector("select") as HTMLSelectElement;
  input = document.querySelector("[role=combobox]") as HTMLInputElement;
  select.value = "b";
  select.dispatchEvent(new CustomEvent("renewed"));
  changes = 0;
  document.forms[0]?.addEventListener("change", () => changes++);
});

const options = () => [...document.querySelectorAll("[role=option]")].map((item) => item.textContent);
const active = () => document.querySelector("[aria-selected=true]");
const press = (key: string) => input.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
function type(text: string): void {
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
const leave = () => input.dispatchEvent(new Event("blur"));

it("takes the place of the select, with its label, its messages and what it has chosen", () => {
  expect(select.hidden).toBe(true);
  expect(input.id).toBe("id_city");
  expect(select.id).toBe("");
  expect([input.required, select.required]).toEqual([true, false]);
  expect(input.getAttribute("aria-describedby")).toBe("id_city_error");
  expect(input.value).toBe("Busan");
});

it("shows everything when it is opened, and what matches when one types", () => {
  input.click();
  expect(options()).toEqual(["Seoul", "Busan", "Daejeon", "New Seoul"]);
  expect(active()?.textContent).toBe("Busan");
  type("SEO");
  expect(options()).toEqual(["Seoul", "New Seoul"]);
  type("zzz");
  expect(input.getAttribute("aria-expanded")).toBe("false");
  expect(document.querySelector("[role=status]")?.textContent).toBe("No choice matches");
});

it("is worked by the keyboard", () => {
  press("ArrowDown");
  press("ArrowDown");
  expect(input.getAttribute("aria-activedescendant")).toBe(active()?.id);
  press("Enter");
  expect([select.value, input.value, changes]).toEqual(["d", "Daejeon", 1]);
  press("ArrowUp");
  press("Escape");
  expect(input.getAttribute("aria-expanded")).toBe("false");
  expect(input.hasAttribute("aria-activedescendant")).toBe(false);
});

it("never sends another choice than the one that is read", () => {
  type("seoul");
  leave();
  expect([select.value, input.value]).toEqual(["s", "Seoul"]);
  type("Paris");
  leave();
  expect([select.value, input.validationMessage]).toEqual(["", "Choose one from the list."]);
  type("");
  leave();
  expect([select.value, input.validity.customError]).toEqual(["", false]);
});

it("follows a select whose choices were renewed", () => {
  select.innerHTML = '<option value="p" selected>Paris</option>';
  select.dispatchEvent(new CustomEvent("renewed"));
  expect(input.value).toBe("Paris");
  input.click();
  expect(options()).toEqual(["Paris"]);
  input.focus();
  type("ly");
  select.innerHTML = '<option value="">-</option><option value="l">Lyon</option>';
  select.value = "";
  select.dispatchEvent(new CustomEvent("renewed"));
  expect(input.value).toBe("ly");
  expect(options()).toEqual(["Lyon"]);
});

it("searches check boxes, and keeps the ticked ones in sight", () => {
  page(`<taskcast-checklist><div>
    <div><label><input type="checkbox" value="1" checked>One</label></div>
    <div><label><input type="checkbox" value="2">Two</label></div>
    <div><label><input type="checkbox" value="3">Three</label></div></div></taskcast-checklist>`);
  const search = document.querySelector("[type=search]") as HTMLInputElement;
  search.value = "TH";
  search.dispatchEvent(new Event("input"));
  const shown = [...document.querySelectorAll("label")].filter((label) => !label.parentElement?.hidden);
  expect(shown.map((label) => label.textContent)).toEqual(["One", "Three"]);
});
