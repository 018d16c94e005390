import { afterEach, expect, it } from "vitest";
import { situation } from "../src/format";
import { reasonWords } from "../src/reasons";
import { blankJob } from "../src/store";

afterEach(() => {
  document.documentElement.lang = "";
});

const STOPPED = "worker w1@host stopped answering at 10:32:07; it was killed or cut off";

it("leaves reasons as they are in English, and unknown ones everywhere", () => {
  expect(reasonWords(STOPPED)).toBe(STOPPED);
  document.documentElement.lang = "ko";
  expect(reasonWords("disk full: {x}")).toBe("disk full: {x}");
});

it("says the engine's reasons in the reader's language", () => {
  document.documentElement.lang = "ko";
  expect(
    situation({
      ...blankJob("a"),
      state: "started",
      reason: "worker w1@host has been silent since 10:32:07",
    }),
  ).toBe("워커 w1@host 쪽에서 10:32:07부터 응답이 없음");
  const again = reasonWords(`${STOPPED}; waiting to be started again`);
  expect(again).toContain("w1@host");
  expect(again.endsWith("다시 시작되기를 기다리는 중")).toBe(true);
});
