import { expect, it } from "vitest";
import { suggest, type Words } from "../src/suggest";

const words: Words = {
  qualifiers: [
    ["state", "in one of these states"],
    ["task", "whose task"],
    ["schedule", "by this schedule"],
    ["args.", "with this argument"],
  ],
  values: {
    state: [
      ["failed", "실패"],
      ["succeeded", "성공"],
    ],
    task: [
      ["a.mail.send", "Send letters"],
      ["b.add", "Add numbers"],
    ],
    owner: [["anna kim", ""]],
  },
  args: { "a.mail.send": ["to", "size"], "b.add": ["x", "y"] },
};
const texts = (text: string, caret = text.length): string[] =>
  suggest(text, caret, words).items.map(([one]) => one);

it("offers every qualifier where nothing is typed, and those that begin so", () => {
  expect(texts("")).toEqual(["state:", "task:", "schedule:", "args."]);
  expect(texts("s")).toEqual(["state:", "schedule:"]);
  expect(texts("-")).toEqual(["-state:"]);
  expect(texts("state:failed ")).toEqual(["state:", "task:", "schedule:", "args."]);
});

it("offers values by what they are called and by what that means", () => {
  expect(texts("state:")).toEqual(["state:failed ", "state:succeeded "]);
  expect(texts("STATE:성")).toEqual(["STATE:succeeded "]);
  expect(texts("-state:failed,su")).toEqual(["-state:failed,succeeded "]);
  expect(texts("owner:a")).toEqual(['owner:"anna kim" ']);
  expect(texts("since:")).toEqual([]);
});

it("offers the tasks that a word may mean", () => {
  expect(texts("sen")).toEqual(["task:a.mail.send "]);
  expect(texts("a.ma")).toEqual(["task:a.mail.send "]);
  expect(texts("numbers")).toEqual(["task:b.add "]);
  expect(texts("mail")).toEqual([]);
  expect(texts('"sen')).toEqual([]);
});

it("offers the arguments of the task that is asked for", () => {
  expect(texts("args.")).toEqual(["args.size:", "args.to:", "args.x:", "args.y:"]);
  expect(texts("task:mail args.s")).toEqual(["args.size:"]);
});

it("takes the place of the word at the caret alone", () => {
  const { from, to, items } = suggest("sta task:add", 3, words);
  expect([from, to, items[0]?.[0]]).toEqual([0, 3, "state:"]);
  expect(suggest('owner:"anna kim" sta', 20, words).from).toBe(17);
});
