import { expect, test } from "vitest";
import { searchOptions } from "./search-options.ts";

const row = { atlas: "first", index: 7, name: null, word: "whale", topToken: " whale", where: ["peak", "examples"], score: 1 };
const numbers = { density: 0.1, fired: 1, maximum: 1, mean: 1, effect: 1, topOutput: " sea" };

test("hits come before the way to all of them", () => {
  const options = searchOptions("whale ", "first", [{ ...row, ...numbers }]);
  expect(options.map(({ href }) => href)).toEqual(["/atlas/first/7", "/atlas/first?q=whale"]);
  expect(options[0]).toMatchObject({ title: "whale", detail: "in peak, examples" });
});

test("a number or a citation leads to that feature", () => {
  expect(searchOptions("12", "first", [])[0]?.href).toBe("/atlas/first/12");
  expect(searchOptions("second/0012", "first", [])[0]?.href).toBe("/atlas/second/12");
  expect(searchOptions("#3", undefined, []).length).toBe(0);
});

test("no words, no options; a name of a person's comes first", () => {
  expect(searchOptions("  ", "first", [])).toEqual([]);
  expect(searchOptions("x", "first", [{ ...row, ...numbers, name: "big fish" }])[0]?.title).toBe("big fish");
});
