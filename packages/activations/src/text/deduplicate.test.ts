import { expect, test } from "vitest";
import { createDeduplicator } from "./deduplicate.ts";

test("case, punctuation and spacing do not make a text new", () => {
  const isRepeat = createDeduplicator();
  expect(isRepeat("Call me Ishmael.")).toBe(false);
  expect(isRepeat("call  me\nIshmael")).toBe(true);
  expect(isRepeat("Call me Ahab.")).toBe(false);
});
