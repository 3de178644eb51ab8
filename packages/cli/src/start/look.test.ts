import { expect, test } from "vitest";
import { isFluent, says } from "./look.ts";

test("an answer that goes round in circles is not fluent", () => {
  expect(isFluent("It was a typical Monday morning in the quaint town when I met an old friend from school.")).toBe(true);
  expect(isFluent("I would be happy, I would be happy, I would be happy, I would be happy, I would be happy")).toBe(false);
  expect(isFluent("Yes, I am.")).toBe(false);
  expect(isFluent("\n\n\n")).toBe(false);
});

test("an answer says a word only when it stands there as one", () => {
  expect(says("Tonight, at war.", "war")).toBe(true);
  expect(says("They walked toward the men they had mentioned.", "war")).toBe(false);
});
