import { afterEach, beforeEach, expect, it, vi } from "vitest";
import "../src/elements/copylink";

const FORM = `<form><input name="x" value="4"><input type="password" name="key" value="hunter2">
  <input type="file" name="letter"><taskcast-copy-link></taskcast-copy-link></form>`;
const answer = vi.fn();
const clipboard = vi.fn();

beforeEach(() => {
  vi.stubGlobal("fetch", answer);
  vi.stubGlobal("navigator", { clipboard: { writeText: clipboard } });
  clipboard.mockReset().mockResolvedValue(undefined);
  answer.mockReset();
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

async function click(): Promise<HTMLElement> {
  document.body.innerHTML = FORM;
  const place = document.querySelector("taskcast-copy-link") as HTMLElement;
  await vi.waitFor(() => expect(place.querySelector("button")).not.toBeNull());
  (place.querySelector("button") as HTMLElement).click();
  await vi.waitFor(() => expect(place.querySelector("[role=status]")?.textContent).not.toBe(""));
  return place;
}

const says = (place: HTMLElement): string => place.querySelector("[role=status]")?.textContent ?? "";
const link = (place: HTMLElement): string | undefined =>
  place.querySelector<HTMLInputElement>("input")?.value;

function answers(complete: boolean): void {
  answer.mockResolvedValue({
    ok: true,
    redirected: false,
    json: async () => ({ address: "http://h/?x=4", complete }),
  });
}

it("asks the server, sends no secret and no file, and copies", async () => {
  answers(true);
  const place = await click();
  const sent = answer.mock.calls[0]?.[1].body as FormData;
  expect([...sent.keys()].sort()).toEqual([".do", "x"]);
  expect(clipboard).toHaveBeenCalledWith("http://h/?x=4");
  expect([link(place), says(place)]).toEqual(["http://h/?x=4", "Copied."]);
});

it("says what is left out, and offers the link where there is no clipboard", async () => {
  answers(false);
  clipboard.mockRejectedValue(new Error("not allowed"));
  const place = await click();
  expect(link(place)).toBe("http://h/?x=4");
  expect(says(place)).toBe("Copy it from here: Secrets, files and long texts are left out.");
});

it.each([
  ["refused", { ok: false, statusText: "Forbidden" }],
  ["signed out", { ok: true, redirected: true }],
])("tells that nothing was copied where it was %s", async (_why, said) => {
  answer.mockResolvedValue(said);
  const place = await click();
  expect(link(place)).toBeUndefined();
  expect(says(place)).toBe("The link could not be made. Try again.");
  expect(clipboard).not.toHaveBeenCalled();
});
