import { afterEach, describe, expect, it } from "vitest";
import { plotOf } from "../src/charts";
import type { TableElement } from "../src/elements/table";
import "../src/elements/table";
import { sorted } from "../src/sorting";

describe("rows", () => {
  const rows = [{ a: 10 }, { a: "b10" }, { a: null }, { a: 2 }, { a: "b9" }, {}];
  const column = (list: { a?: unknown }[]) => list.map((row) => row.a);

  it("are sorted as people do, what is empty last", () => {
    expect(column(sorted(rows, "a", false))).toEqual([2, 10, "b9", "b10", null, undefined]);
    expect(column(sorted(rows, "a", true))).toEqual(["b10", "b9", 10, 2, null, undefined]);
    expect(sorted(rows, null, true)).toBe(rows);
  });
});

describe("a table", () => {
  afterEach(() => document.body.replaceChildren());

  async function drawn(n: number): Promise<TableElement> {
    const table = document.createElement("taskcast-table") as TableElement;
    table.rows = Array.from({ length: n }, (_, i) => ({ n: (i * 7) % n, word: `w${i}` }));
    document.body.append(table);
    await table.updateComplete;
    return table;
  }

  const first = (table: TableElement) => table.querySelector("tbody td")?.textContent;
  const button = (table: TableElement, words: string) =>
    [...table.querySelectorAll("button")].find((each) => each.textContent === words) as HTMLButtonElement;

  it("is sorted up, down and not at all by the button of a column", async () => {
    const table = await drawn(10);
    const seen = [];
    for (let click = 0; click < 3; click += 1) {
      button(table, "n").click();
      await table.updateComplete;
      seen.push([table.querySelector("th")?.getAttribute("aria-sort") ?? null, first(table)]);
    }
    expect(seen).toEqual([
      ["ascending", "0"],
      ["descending", "9"],
      [null, "0"],
    ]);
  });

  it("shows some hundred rows at a time, sorted as a whole", async () => {
    const table = await drawn(451);
    expect(table.querySelectorAll("tbody tr")).toHaveLength(200);
    expect(button(table, "Earlier rows").disabled).toBe(true);
    button(table, "n").click();
    await table.updateComplete;
    for (const _ of [1, 2]) {
      button(table, "Later rows").click();
      await table.updateComplete;
    }
    expect(table.querySelector(".table-pages")?.textContent).toContain("451 rows: 401–451");
    expect(first(table)).toBe("400");
    expect(button(table, "Later rows").disabled).toBe(true);
  });
});

describe("a chart", () => {
  it("has the first column of numbers as x, and a series for each other one", () => {
    const rows = [
      { step: 2, loss: 0.5, note: "x", accuracy: null },
      { step: 1, loss: 0.9, note: "y", accuracy: 0.1 },
    ];
    expect(plotOf("training", "line", rows)).toEqual({
      label: "training",
      x: [1, 2],
      series: [
        { label: "loss", kind: "line", tone: "accent", values: [0.9, 0.5] },
        { label: "accuracy", kind: "line", tone: "good", values: [0.1, null] },
      ],
    });
  });

  it("counts rows where the first column is no number, and draws nothing of words", () => {
    expect(plotOf("a", "bars", [{ city: "Seoul", n: 4 }])).toMatchObject({
      x: [1],
      series: [{ kind: "bars" }],
    });
    expect(plotOf("a", "line", [{ city: "Seoul" }])).toBeNull();
  });
});
