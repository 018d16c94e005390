import { describe, expect, it } from "vitest";
import { isTable, previewOf } from "../src/preview";

const bytes = (text: string) => new TextEncoder().encode(text);
const seen = (text: string, whole = true) => previewOf(bytes(text), whole);

describe("the first rows of a table", () => {
  it("are told from other files by name or type", () => {
    expect(isTable({ name: "A.CSV", type: "" })).toBe(true);
    expect(isTable({ name: "a", type: "text/csv" })).toBe(true);
    expect(isTable({ name: "a.csv.zip", type: "application/zip" })).toBe(false);
  });

  it.each([
    [
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a;b\r\n1,5;2\r\n",
      [
        ["a", "b"],
        ["1,5", "2"],
      ],
    ],
    [
      "a\tb\n1\t2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      'a,b\n"x, ""y""\nz",2',
      [
        ["a", "b"],
        ['x, "y"\nz', "2"],
      ],
    ],
    ["only\nwords", [["only"], ["words"]]],
    [
      "\uFEFFa,b\n\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
  ])("%j", (text, [head, ...rows]) => {
    expect(seen(text)).toMatchObject({ head, rows, encoding: "utf-8" });
  });

  it("are at most eight of at most twelve columns, and of a text that was cut none that may be cut", () => {
    const wide = Array.from({ length: 30 }, (_, n) => `c${n}`).join(",");
    const all = seen(`${wide}\n`.repeat(20));
    expect([all?.rows.length, all?.head.length, all?.columns]).toEqual([8, 12, 30]);
    expect(seen("a,b\n1,2\n3,", false)?.rows).toEqual([["1", "2"]]);
    expect(seen("a,b", false)?.head).toEqual(["a", "b"]);
  });

  it("are read as Korean ones where they are no UTF-8, also when a character is cut", () => {
    // 이름,나이 in EUC-KR
    const korean = new Uint8Array([
      0xc0, 0xcc, 0xb8, 0xa7, 0x2c, 0xb3, 0xaa, 0xc0, 0xcc, 0x0a, 0xb1, 0xe8, 0x2c, 0x33,
    ]);
    expect(previewOf(korean, true)).toMatchObject({
      head: ["이름", "나이"],
      rows: [["김", "3"]],
      encoding: "euc-kr",
    });
    expect(previewOf(bytes("이름,나\n1,나").slice(0, -1), false)?.head).toEqual(["이름", "나"]);
  });

  it("are none of what is no text", () => {
    expect(previewOf(new Uint8Array([0, 1, 2, 3]), true)).toBeNull();
    expect(seen("")).toBeNull();
  });
});
