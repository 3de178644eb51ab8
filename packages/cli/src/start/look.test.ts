import { expect, test } from "vitest";
import { isFluent } from "./look.ts";

test("an answer that goes round in circles is not fluent", () => {
  expect(isFluent("It was a typical Monday morning in the quaint town when I met an old friend from school.")).toBe(true);
  expect(isFluent("I would be happy, I would be happy, I would be happy, I would be happy, I would be happy")).toBe(false);
  expect(isFluent("Yes, I am.")).toBe(false);
  expect(isFluent("\n\n\n")).toBe(false);
});
