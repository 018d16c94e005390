import { render } from "lit";
import { expect, it } from "vitest";
import examples from "../../tests/data/formats.json";
import { value } from "../src/elements/value";
import type { Json } from "../src/types";

/** What the server writes for the same values: tests/unit/test_page_formats.py holds it to the same texts. */
it.each(examples.values as [Json, string][])("shows %j as the server does", (json, markup) => {
  const place = document.createElement("div");
  render(value(json), place);
  const server = document.createElement("div");
  server.innerHTML = markup;
  expect(plain(place.innerHTML)).toBe(plain(server.innerHTML));
});

const plain = (markup: string): string =>
  markup
    .replace(/<!--.*?-->/g, "")
    .replace(/>\s+/g, ">")
    .replace(/\s+</g, "<")
    .trim();
