import { expect, test } from "vitest";
import { guessColumns, namedColumn, rowMessages, rowText } from "./columns.ts";

const guess = (row: Record<string, unknown>): unknown => guessColumns(row, "f.jsonl");

test("the first usual name wins", () => {
  expect(guess({ code: "x", content: "y", id: 1 })).toEqual({ kind: "text", columns: ["content"] });
  expect(guess({ text: "x", messages: [] })).toEqual({ kind: "text", columns: ["text"] });
});

test("pairs are joined, an empty middle one is left out", () => {
  expect(guess({ prompt: "p", response: "r" })).toEqual({ kind: "text", columns: ["prompt", "response"] });
  const choice = guessColumns({ instruction: "i", input: "", output: "o" }, "f");
  expect(choice.columns).toEqual(["instruction", "input", "output"]);
  expect(rowText({ instruction: "i", input: "", output: "o" }, choice, "f, line 1")).toBe("i\n\no");
});

test("chat columns, the only column of strings, and refusals that list what there is", () => {
  expect(guess({ id: "7", conversations: [] })).toEqual({ kind: "chat", columns: ["conversations"] });
  expect(guess({ id: "7", poem: "p", year: 3 })).toEqual({ kind: "text", columns: ["poem"] });
  expect(() => guess({ left: "a", right: "b" })).toThrow(/left, right/);
  expect(() => guess({ n: 1 })).toThrow(/no column of strings/);
  expect(() => guess({ input_ids: [1, 2] })).toThrow(/token ids/);
  expect(() => namedColumn({ a: "x" }, "b", "f.jsonl")).toThrow(/no column "b"/);
});

test("messages of either dialect", () => {
  const choice = { kind: "chat" as const, columns: ["c"] };
  expect(
    rowMessages(
      {
        c: [
          { from: "human", value: "hi" },
          { role: "assistant", content: "yo" },
        ],
      },
      choice,
      "f",
    ),
  ).toEqual([
    { role: "user", content: "hi" },
    { role: "assistant", content: "yo" },
  ]);
  expect(() => rowMessages({ c: [{ role: "tool", content: "x" }] }, choice, "f, line 3")).toThrow(/f, line 3/);
});
