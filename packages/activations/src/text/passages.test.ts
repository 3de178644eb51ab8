import fc from "fast-check";
import { expect, test } from "vitest";
import { passages } from "./passages.ts";

test("paragraphs are joined up to the size and never cut when they fit", () => {
  expect(passages("aaaa\n\nbbbb\n\ncccc", 12)).toEqual(["aaaa\n\nbbbb", "cccc"]);
});

test("a long paragraph is cut after sentences", () => {
  expect(passages("One two three. Four five six! Seven?", 19)).toEqual(["One two three.", "Four five six!", "Seven?"]);
});

test("a sentence longer than the size stays whole", () => {
  expect(passages("a".repeat(50), 10)).toEqual(["a".repeat(50)]);
});

test("every word survives, in order", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("alpha", "beta.", "gamma!", "\n\n", "delta"), { maxLength: 60 }),
      fc.integer({ min: 5, max: 40 }),
      (parts, size) => {
        const text = parts.join(" ");
        const words = (from: string): string[] => from.split(/\s+/).filter((word) => word !== "");
        expect(words(passages(text, size).join(" "))).toEqual(words(text));
      },
    ),
  );
});
