import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const FOLDER = "src/styles";
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".css"));

/** Declarations as `file: property: value`, without comments. */
const declarations = files.flatMap((name) => {
  const css = readFileSync(`${FOLDER}/${name}`, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  return [...css.matchAll(/([\w-]+):\s*([^;{}]+);/g)].map(([, property, value]) => ({
    name,
    property: property as string,
    value: (value as string).replace(/\s+/g, " "),
  }));
});

const COLOUR =
  /#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|hwb|lab|lch|oklab|oklch)a?\(|\b(?:white|black|red|green|blue|gr[ae]y)\b/i;

it("takes every colour from the tokens", () => {
  expect(declarations.length).toBeGreaterThan(500);
  const raw = declarations.filter(({ name, value }) => name !== "tokens.css" && COLOUR.test(value));
  expect(raw).toEqual([]);
});

it("has no size of type in pixels: it grows with the reader's own", () => {
  const sizes = declarations.filter(({ property }) => property === "font-size" || property === "font");
  expect(sizes.length).toBeGreaterThan(20);
  expect(sizes.filter(({ value }) => /\dpx/.test(value))).toEqual([]);
});

it("uses only tokens that there are", () => {
  const set = new Set(declarations.map(({ property }) => property).filter((name) => name.startsWith("--")));
  const used = declarations.flatMap(({ name, value }) =>
    [...value.matchAll(/var\((--[\w-]+)\)/g)].map(([, token]) => `${name} ${token}`),
  );
  expect(used.filter((one) => !set.has(one.split(" ")[1] as string))).toEqual([]);
});

it("imports every style of its own file", () => {
  const app = readFileSync(`${FOLDER}/app.css`, "utf8");
  const alone = new Set(["app.css", "embed.css"]);
  expect(files.filter((name) => !alone.has(name) && !app.includes(`"./${name}"`))).toEqual([]);
});
