import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { UploadElement } from "../src/elements/upload";
import "../src/elements/upload";

const answers: { status: number; body: object }[] = [];
let begun = 0;

class FakeRequest {
  upload: { onprogress?: (event: { loaded: number }) => void } = {};
  onloadend = () => {};
  status = 0;
  statusText = "";
  responseText = "";
  open(): void {}
  setRequestHeader(): void {}
  abort(): void {}
  send(piece: ArrayBuffer): void {
    const next = answers.shift();
    if (!next) return; // on its way, for as long as the test likes
    this.upload.onprogress?.({ loaded: piece.byteLength });
    this.status = next.status;
    this.responseText = JSON.stringify(next.body);
    this.onloadend();
  }
}

beforeEach(() => {
  begun = 0;
  answers.length = 0;
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  vi.stubGlobal("fetch", async (_url: string, init: RequestInit = {}) => {
    if (init.method === "POST") begun += 1;
    return { ok: true, text: async () => JSON.stringify({ id: `u${begun}`, size: 2, received: 0 }) };
  });
  document.body.innerHTML = `<form>
    <div class="field"><label><input type="checkbox" name="one" value="old" checked> old.csv</label>
      <input type="file" id="id_one" name="one" required data-most-bytes="9" data-too-large="Too large." data-empty="Empty.">
      <taskcast-upload field="id_one"></taskcast-upload></div>
    <div class="field"><input type="file" id="id_many" name="many" multiple data-most-bytes="9" data-empty="Empty.">
      <taskcast-upload field="id_many"></taskcast-upload></div>
    <button>Launch</button></form>`;
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

const find = <T extends Element>(selector: string): T => document.querySelector(selector) as T;
const form = (): HTMLFormElement => find("form");
const control = (name: string): HTMLInputElement => find(`#id_${name}`);
const place = (name: string): UploadElement => find(`[field=id_${name}]`);

async function choose(name: string, ...contents: string[]): Promise<void> {
  const files = contents.map((text, i) => new File([text], `${i}.csv`));
  Object.defineProperty(control(name), "files", { configurable: true, value: files });
  control(name).dispatchEvent(new Event("change", { bubbles: true }));
  Object.defineProperty(control(name), "files", { configurable: true, value: [] });
  await drawn();
}

async function drawn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50));
}

const arrives = (id: string): void => {
  answers.push({ status: 200, body: { id, size: 2, received: 2 } });
};
/** The ids that the form bears when it is sent. */
function ids(name: string): FormDataEntryValue[] {
  const formData = new FormData();
  form().dispatchEvent(Object.assign(new Event("formdata"), { formData }));
  return formData.getAll(name);
}

it("puts the upload's id in the place of the file, and of the one that was kept", async () => {
  arrives("u1");
  await choose("one", "ab");
  expect(ids("one")).toEqual(["u1"]);
  expect(find<HTMLInputElement>("[type=checkbox]").checked).toBe(false);
  expect(control("one").required).toBe(false);
  expect(place("one").textContent).toContain("0.csv");
});

it("takes several files, and takes one back", async () => {
  arrives("u1");
  arrives("u2");
  await choose("many", "ab", "cd");
  expect(place("many").querySelectorAll("li")).toHaveLength(2);
  expect(ids("many")).toHaveLength(2);
  find<HTMLButtonElement>("[field=id_many] [aria-label='Remove 0.csv']").click();
  await drawn();
  expect(ids("many")).toHaveLength(1);
});

it("a form that was sent too early goes when the file is there", async () => {
  const sent = vi.spyOn(form(), "requestSubmit").mockImplementation(() => undefined);
  await choose("one", "ab");
  const bar = find("progress");
  expect([bar.getAttribute("role"), bar.getAttribute("aria-valuemax")]).toEqual(["progressbar", "2"]);
  const early = new SubmitEvent("submit", { cancelable: true, submitter: find("button") });
  form().dispatchEvent(early);
  expect(early.defaultPrevented).toBe(true);
  expect(form().textContent).toContain("Launches as soon as the upload is complete");
  expect(sent).not.toHaveBeenCalled();
  arrives("u2");
  await choose("one", "cd");
  expect(sent).toHaveBeenCalledWith(find("button"));
  expect(form().textContent).not.toContain("Launches as soon");
});

it("says at the field what the server refused, and sends no form until that is mended", async () => {
  answers.push({ status: 507, body: { detail: "No room." } });
  await choose("one", "ab");
  expect(find("[role=alert]").textContent).toBe("No room.");
  expect(control("one").validationMessage).toBe("No room.");
  arrives("u1");
  find<HTMLButtonElement>(".linklike").click();
  await drawn();
  expect(control("one").validationMessage).toBe("");
  expect(ids("one")).toEqual(["u1"]);
});

it.each([
  ["0123456789", "Too large."],
  ["", "Empty."],
])("does not send a file that is not taken: %j", async (content, words) => {
  Object.defineProperty(control("one"), "files", { configurable: true, value: [new File([content], "a")] });
  control("one").dispatchEvent(new Event("change", { bubbles: true }));
  await drawn();
  expect(control("one").validationMessage).toBe(words);
  expect(begun).toBe(0);
});

it("takes what is dropped anywhere on a form with one file field, and no two for one", async () => {
  control("many").remove();
  const drop = (...files: File[]) => {
    const event = new Event("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: { types: ["Files"], files } });
    form().dispatchEvent(event);
    return event;
  };
  Object.defineProperty(control("one"), "files", { configurable: true, writable: true, value: [] });
  drop(new File(["a"], "a"), new File(["b"], "b"));
  await drawn();
  expect(find("[role=alert]").textContent).toBe("Only one file fits here.");
  arrives("u1");
  expect(drop(new File(["ab"], "a.txt")).defaultPrevented).toBe(true);
  await drawn();
  expect(find(".upload-name").textContent).toContain("a.txt");
});
