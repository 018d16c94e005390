import { expect, it } from "vitest";
import { ApiError } from "../src/api";
import { after, end, FIRST, grown, shrunk, Unreadable } from "../src/pieces";

const MIB = 1024 * 1024;

/** The offsets at which a file of `size` is cut when every piece arrives. */
function cuts(size: number): number[] {
  const found = [0];
  let piece = FIRST;
  while ((found.at(-1) as number) < size) {
    found.push(end(found.at(-1) as number, size, piece));
    piece = grown(piece);
  }
  return found;
}

it("cuts a file without a gap, and into no piece over 4 MiB", () => {
  for (const size of [0, 1, FIRST, FIRST + 1, 64 * MIB, 64 * MIB + 7]) {
    const at = cuts(size);
    expect(at.at(-1)).toBe(size);
    const sizes = at.slice(1).map((place, i) => place - (at[i] as number));
    expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(4 * MIB);
  }
  expect(cuts(64 * MIB).length).toBeLessThan(20);
});

it("takes smaller pieces while they are cut off, down to 256 KiB", () => {
  let piece = 4 * MIB;
  for (let i = 0; i < 10; i++) piece = shrunk(piece);
  expect(piece).toBe(MIB / 4);
  expect(grown(piece)).toBe(MIB / 2);
});

it("goes on where the server says", () => {
  expect(after(new ApiError(409, "", 8 * MIB), 4 * MIB)).toBe(8 * MIB);
  expect(after(new ApiError(409, "", 0), 4 * MIB)).toBe(0);
});

it("asks later when nothing answered, the server is being started, or another piece is being written", () => {
  for (const error of [
    new TypeError("Failed to fetch"),
    new ApiError(503, ""),
    new ApiError(502, ""),
    new ApiError(409, "", 4),
  ])
    expect(after(error, 4)).toBe("ask");
});

it("stops where trying again would change nothing", () => {
  for (const status of [400, 401, 403, 404, 409, 413, 422, 500, 507])
    expect(after(new ApiError(status, ""), 4)).toBe("stop");
  expect(after(new Unreadable("gone"), 4)).toBe("stop");
});
