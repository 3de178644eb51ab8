import { expect, test } from "vitest";
import { weighted } from "./text-option.ts";

test("a text may carry a weight", () => {
  expect(weighted("notes/=3")).toEqual({ ref: "notes/", weight: 3 });
  expect(weighted("built-in")).toEqual({ ref: "built-in" });
  expect(weighted("a=b/c.txt")).toEqual({ ref: "a=b/c.txt" });
});

test.each(["notes/=", "notes/=0", "notes/=-1", "notes/=x", "notes/=Infinity"])("%s is refused", (text) => {
  expect(() => weighted(text)).toThrow(/positive weight/);
});
