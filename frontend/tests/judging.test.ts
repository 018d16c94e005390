import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchLeaving } from "../src/judging";
import { watchLaunching } from "../src/launchform";

let errors: Record<string, string[]> = {};
const asked = vi.fn(async (_url: string, _init?: RequestInit) => ({
  ok: true,
  redirected: false,
  json: async () => ({ errors }),
}));
const find = <T extends Element = HTMLElement>(selector: string) => document.querySelector(selector) as T;

watchLeaving();
watchLaunching();

beforeEach(() => {
  errors = {};
  asked.mockClear();
  vi.stubGlobal("fetch", asked);
  vi.useFakeTimers();
  document.body.innerHTML = `<form data-launch>
    <div class="field"><input id="id_x" name="x" aria-describedby="id_x_helptext"><div class="help" id="id_x_helptext">Help</div></div>
    <div class="field"><input id="id_y" name="y"></div>
    <div class="form-end"><button class="button primary">Launch</button><button name=".do" value="save">Save</button></div></form>`;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function type(id: string, value: string): Promise<void> {
  find<HTMLInputElement>(`#${id}`).value = value;
  find(`#${id}`).dispatchEvent(new Event("input", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(1_000);
}

async function leave(id: string): Promise<void> {
  find(`#${id}`).dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(1_000);
}

it("says what is wrong when a field is left, never while one types for the first time", async () => {
  errors = { id_x: ["Enter a number."], id_y: ["Required."] };
  await type("id_x", "many");
  expect(asked).not.toHaveBeenCalled();
  await leave("id_x");
  const body = asked.mock.calls[0]?.[1]?.body as FormData | undefined;
  expect(body?.get(".do")).toBe("check");
  expect(find("#id_x_error").textContent).toBe("Enter a number.");
  expect(find("#id_x").getAttribute("aria-invalid")).toBe("true");
  expect(find("#id_x").getAttribute("aria-describedby")).toBe("id_x_helptext id_x_error");
  // The other one was not come to yet.
  expect(find("#id_y_error")).toBeNull();
});

it("takes it back as soon as it is mended", async () => {
  errors = { id_x: ["Enter a number."] };
  await type("id_x", "many");
  await leave("id_x");
  errors = {};
  await type("id_x", "4");
  expect(find("#id_x_error")).toBeNull();
  expect(find(".wrong")).toBeNull();
  expect(find("#id_x").getAttribute("aria-describedby")).toBe("id_x_helptext");
  expect(find("#id_x").hasAttribute("aria-invalid")).toBe(false);
});

it("does not judge a field that was only passed", async () => {
  errors = { id_x: ["Required."] };
  await leave("id_x");
  expect(asked).not.toHaveBeenCalled();
});

it("launches by Control and Enter, once, and recovers when one comes back", () => {
  const form = find<HTMLFormElement>("form");
  const sent = vi.fn((event: Event) => event.preventDefault());
  addEventListener("submit", sent);
  const submit = () => {
    const event = new SubmitEvent("submit", { bubbles: true, cancelable: true, submitter: find(".primary") });
    form.dispatchEvent(event);
    return event.defaultPrevented;
  };
  vi.spyOn(form, "requestSubmit").mockImplementation(() => void submit());
  find("#id_x").dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true }));
  expect(form.requestSubmit).toHaveBeenCalledWith(find(".primary"));
  expect(find(".primary").textContent).toBe("Launching…");
  removeEventListener("submit", sent);
  expect(submit()).toBe(true);
  dispatchEvent(new Event("pageshow"));
  expect(find(".primary").textContent).toBe("Launch");
  expect(submit()).toBe(false);
});

it("sends files by their ids, which stand beside an empty file", async () => {
  find("form").addEventListener("formdata", (event) =>
    (event as FormDataEvent).formData.append("table", "an id"),
  );
  find("form").insertAdjacentHTML("beforeend", '<input type="file" name="table">');
  await type("id_x", "4");
  await leave("id_x");
  const body = asked.mock.calls[0]?.[1]?.body as FormData | undefined;
  expect(body?.getAll("table").every((value) => typeof value === "string")).toBe(true);
  expect([...(body?.keys() ?? [])]).toContain(".do");
});
