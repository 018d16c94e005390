import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { ko } from "../src/ko";

const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && file !== "ko.ts" && !file.startsWith("ko/"))
  .map((file) => `src/${file}`);

/** Texts between quotes anywhere inside a t(...). */
function texts(source: string): string[] {
  const calls = [...source.matchAll(/\bt\(((?:[^()]|\([^()]*\))*)\)/g)].map((call) => call[1] as string);
  return calls.flatMap((call) => [...call.matchAll(/"([^"]+)"/g)].map((text) => text[1] as string));
}

it("has Korean words for every text, and none for texts that are gone", () => {
  const all = sources.map((file) => readFileSync(file, "utf8"));
  const used = new Set(all.flatMap(texts));
  expect(used.size).toBeGreaterThan(30);
  expect([...used].filter((text) => !(text in ko))).toEqual([]);
  const everything = all.join("\n");
  expect(
    Object.keys(ko).filter(
      (text) => !everything.includes(`"${text}"`) && !everything.match(new RegExp(`\\b${text}: "`)),
    ),
  ).toEqual([]);
});

it("keeps the same holes in both languages", () => {
  const holes = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
  for (const [english, korean] of Object.entries(ko)) expect(holes(korean)).toEqual(holes(english));
});
