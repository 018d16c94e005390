import { render } from "lit";
import { expect, it } from "vitest";
import { value } from "../src/elements/value";
import { argsLine } from "../src/format";
import { parse, write } from "../src/numbers";
import type { Json } from "../src/types";

const LONG = ["9007199254740993", "-9007199254740993", "9".repeat(30), `1${"0".repeat(400)}`];

it.each(LONG)("keeps all digits of %s", (digits) => {
  const text = `{"n":${digits},"list":[1,${digits}]}`;
  const json = parse(text) as Record<string, Json>;
  expect(json.n).toBe(BigInt(digits));
  expect(write(json)).toBe(text);
  expect(argsLine({ n: json.n ?? null })).toBe(`n=${digits}`.slice(0, 160));
  for (const shown of [json.n, json, [json], [[json.n]]] as Json[]) {
    const place = document.createElement("div");
    render(value(shown), place);
    expect(place.textContent).toContain(digits);
  }
});

it.each([
  '{"a":[1,2.5,null,true,"x"]}',
  '{"id":"9007199254740993","n":9007199254740991}',
  "[0.1234567890123456789,12345678901234567890.5,1e300,1234567890123456e3]",
])("leaves all else to JSON.parse: %s", (text) => expect(parse(text)).toEqual(JSON.parse(text)));
