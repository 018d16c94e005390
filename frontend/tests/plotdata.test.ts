import { expect, it } from "vitest";
import { clockOf, columns, heights, isAlike, type Plot, reach, written } from "../src/plotdata";

const bars = (values: (number | null)[][], more: Partial<Plot> = {}): Plot => ({
  label: "Jobs",
  x: (values[0] ?? []).map((_, i) => 600 + 60 * i),
  time: true,
  series: values.map((each, i) => ({ label: `s${i}`, kind: "bars", tone: "good", values: each })),
  ...more,
});

it("stacks each series on those before it, and nothing counts as zero there", () => {
  const values = [
    [1, 2],
    [3, null],
    [0, 5],
  ];
  expect(columns(bars(values, { stacked: true }))).toEqual([
    [1, 2],
    [4, 2],
    [4, 7],
  ]);
  expect(columns(bars(values))).toEqual(values);
});

it("leaves half a bar of room at both ends, and a single value in the middle", () => {
  expect(reach(bars([[1, 2, 3]]))).toEqual([570, 750]);
  expect(reach(bars([[1]]))).toEqual([570, 630]);
  const line: Plot = {
    label: "",
    x: [1, 3, 4],
    series: [{ label: "", kind: "line", tone: "good", values: [1, 1, 1] }],
  };
  expect(reach(line)).toEqual([1, 4]);
  expect(reach({ ...line, x: [7] })).toEqual([6.5, 7.5]);
});

it("begins at zero under bars, and close to the values of a line", () => {
  expect(heights(bars([[0]]), 0, 0)).toEqual([0, 1]);
  expect(heights(bars([[50, 100]]), 50, 100)).toEqual([0, 108]);
  const line: Plot = {
    label: "",
    x: [1],
    series: [{ label: "", kind: "line", tone: "good", values: [1] }],
  };
  expect(heights(line, 200, 300)).toEqual([192, 308]);
  expect(heights({ ...line, zero: true }, 200, 300)).toEqual([0, 324]);
  expect(heights(line, 1, 100)).toEqual([0, 107.92]);
  expect(heights(line, 5, 5)).toEqual([4, 6]);
  expect(heights(line, null, null)).toEqual([0, 1]);
});

it("tells new numbers from another chart", () => {
  expect(isAlike(bars([[1, 2]]), bars([[3]]))).toBe(true);
  expect(isAlike(bars([[1]]), bars([[1]], { unit: "seconds" }))).toBe(false);
  expect(isAlike(bars([[1]]), bars([[1], [2]]))).toBe(false);
});

it("writes counts and spans in the reader's language", () => {
  expect(written(1204, undefined, "en")).toBe("1,204");
  expect(written(0.12345, undefined, "en")).toBe("0.123");
  expect(written(null, undefined, "en")).toBe("–");
  expect(written(0, "seconds", "en")).toBe("0s");
  expect(written(0.012, "seconds", "en")).toBe("12ms");
  expect(written(90, "seconds", "en")).toBe("1.5m");
  expect(written(5, "seconds", "ko")).toBe("5초");
});

it("writes times in the site's zone, with the day where the axis needs it", () => {
  const at = Date.UTC(2025, 10, 28, 14, 3, 5) / 1000;
  expect(clockOf(at, 3600, "UTC")).toBe("14:03");
  expect(clockOf(at, 3600, "Asia/Seoul")).toBe("23:03");
  expect(clockOf(at, 200, "UTC")).toBe("14:03:05");
  expect(clockOf(at, 7 * 86_400, "Asia/Seoul")).toBe("11-28 23:03");
});
