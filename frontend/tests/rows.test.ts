import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../src/elements/rows";
import { watchChoices } from "../src/renewal";
import { watchTyping } from "../src/typing";

const asked = vi.fn();
let answer: unknown;

/** As a page has it when the scripts begin: elements come with all that stands in them. */
function page(html: string): void {
  const place = document.createElement("main");
  place.innerHTML = html;
  document.body.replaceChildren(place);
}

const row = (
  n: string,
  spare = "",
) => `<tr class="${spare}"><td><label class="cell-label" for="id_people.${n}.name">
  Name<span class="unseen"> in row ${n}</span></label><input name="people.${n}.name" id="id_people.${n}.name"></td>
  <td><button class="remove-row" value="remove people.${n}"><span class="unseen">x</span></button></td></tr>`;

function show(...rows: string[]): void {
  page(`<form><taskcast-rows><table><tbody>${rows.join("")}</tbody></table>
    <button class="add-row" value="add people">Add</button><template></template></taskcast-rows></form>`);
  // Not with the rest: this DOM loses rows that stand in no table.
  (document.querySelector("template") as HTMLTemplateElement).innerHTML = row("__row__");
}

const names = () => [...document.querySelectorAll("tbody input")].map((input) => input.getAttribute("name"));
const words = () => [...document.querySelectorAll(".cell-label .unseen")].map((place) => place.textContent);
const press = (what: string) => document.querySelector<HTMLElement>(what)?.click();
const settled = () => vi.waitFor(() => expect(document.querySelector("[aria-busy]")).toBeNull());

watchChoices();
watchTyping();

beforeEach(() => {
  asked.mockReset();
  vi.stubGlobal("fetch", async (url: string) => {
    asked(url);
    if (answer instanceof Error) throw answer;
    return { ok: true, json: async () => answer };
  });
});
afterEach(() => vi.unstubAllGlobals());

it("keeps one of the spare rows where there are no others, else none", () => {
  show(row("0", "spare"), row("1", "spare"));
  expect(names()).toEqual(["people.0.name"]);
  show(row("0"), row("1", "spare"));
  expect(names()).toEqual(["people.0.name"]);
});

it("adds rows with numbers of their own, and counts them as they stand", () => {
  show(row("0"), row("4"));
  press(".add-row");
  expect(names()).toEqual(["people.0.name", "people.4.name", "people.5.name"]);
  expect(document.activeElement?.id).toBe("id_people.5.name");
  press(".remove-row");
  expect(names()).toEqual(["people.4.name", "people.5.name"]);
  expect(words()).toEqual([" in row 1", " in row 2"]);
  expect((document.activeElement as HTMLButtonElement).value).toBe("remove people.4");
});

const place = (inner: string) => {
  page(`<form data-choices="/choices/"><input name="country" value="KR">
    <input type="password" name="pin" value="1234"><div class="field">${inner}<div data-trouble></div></div></form>`);
};
const country = () =>
  document.querySelector("[name=country]")?.dispatchEvent(new Event("change", { bubbles: true }));

it("asks for choices when what they depend on changes, without secrets", async () => {
  place(`<select name="city" data-of="city" data-needs="country pin"><option value="">-</option>
    <option value="s" selected>Seoul</option></select>`);
  answer = { choices: [["p", "Paris"]], trouble: "" };
  country();
  await settled();
  expect(asked.mock.calls).toEqual([["/choices/?.of=city&country=KR"]]);
  const select = document.querySelector("select") as HTMLSelectElement;
  expect([...select.options].map((option) => option.text)).toEqual(["-", "Paris"]);
  expect(select.value).toBe("");
});

it("keeps a choice that is still one, and says why there are none", async () => {
  place(
    `<select name="city" data-of="city" data-needs="country"><option value="s" selected>Seoul</option></select>`,
  );
  answer = { choices: [["b", "Busan"], ["s", "Seoul"]], trouble: "" }; // biome-ignore format: as it is read
  country();
  await settled();
  expect(document.querySelector("select")?.value).toBe("s");
  answer = new Error("offline");
  country();
  await settled();
  expect(document.querySelector("[data-trouble]")?.textContent).toContain("could not be fetched");
});

it("renews check boxes, and keeps the ticks", async () => {
  const box = (n: number, ticked = "") => `<div><label for="id_to_${n}">
    <input type="checkbox" id="id_to_${n}" name="to" value="${n}" data-of="to" data-needs="country" ${ticked}>N</label></div>`;
  place(`<taskcast-checklist><div>${box(0, "checked")}${box(1)}</div></taskcast-checklist>`);
  answer = { choices: [["0", "Zero"], ["7", "Seven"]], trouble: "" }; // biome-ignore format: as it is read
  country();
  await settled();
  const boxes = [...document.querySelectorAll<HTMLInputElement>("[name=to]")];
  expect(boxes.map(({ value, checked }) => [value, checked])).toEqual([["0", true], ["7", false]]); // biome-ignore format: as it is read
});

it("judges JSON, and ticks that there is a value", () => {
  page(`<fieldset class="field composite"><label class="given"><input type="checkbox"></label>
    <div class="ends-bar"><textarea data-json="Enter valid JSON."></textarea></div></fieldset>`);
  const box = document.querySelector("textarea") as HTMLTextAreaElement;
  box.value = "[1";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  expect(box.validationMessage).toBe("Enter valid JSON.");
  box.value = "[1]";
  box.dispatchEvent(new Event("input", { bubbles: true }));
  expect(box.validationMessage).toBe("");
  expect(document.querySelector<HTMLInputElement>(".given input")?.checked).toBe(true);
});
