import { beforeAll, beforeEach, expect, it } from "vitest";
import { watchUploads } from "../src/uploads";

const KB = 1024;

beforeAll(watchUploads);
beforeEach(() => {
  document.body.innerHTML = `<form>
    <input type="file" name="one" data-most-bytes="${2048 * KB}" data-too-large="Too large.">
    <input type="file" name="many" multiple data-most-bytes="${2048 * KB}" data-too-large="Too large.">
    <input name="text">
  </form>`;
});

const control = (name: string) => document.querySelector(`[name=${name}]`) as HTMLInputElement;

function choose(name: string, ...sizes: number[]): void {
  const files = sizes.map((size) => ({ size }) as File);
  Object.defineProperty(control(name), "files", { configurable: true, value: files });
  control(name).dispatchEvent(new Event("change", { bubbles: true }));
}

it("tells of a file that is too large, until another is chosen", () => {
  choose("one", 2048 * KB + 1);
  expect(control("one").validationMessage).toBe("Too large.");
  choose("one", 2048 * KB);
  expect(control("one").validationMessage).toBe("");
  choose("one");
  expect(control("one").validationMessage).toBe("");
});

it("tells of files that do not fit into one request together", () => {
  choose("one", 2000 * KB);
  choose("many", 500 * KB, 500 * KB);
  expect(control("many").validationMessage).toBe("");
  choose("many", 600 * KB, 600 * KB);
  expect(control("many").validationMessage).toBe("Too large.");
  expect(control("one").validationMessage).toBe("");
  choose("one");
  expect(control("many").validationMessage).toBe("");
});
