import { expect, test } from "vitest";
import { splitText } from "./text-documents.ts";

test("whole, by line, by block, by separator; empty documents are left out", () => {
  const text = "one\ntwo\r\n\r\n  \nthree\n\n\nfour\n";
  expect(splitText(text, "file")).toEqual([text]);
  expect(splitText(text, "line")).toEqual(["one", "two", "three", "four"]);
  expect(splitText(text, "block")).toEqual(["one\ntwo", "three", "four\n"]);
  expect(splitText("a<|sep|>b<|sep|> ", { separator: "<|sep|>" })).toEqual(["a", "b"]);
  expect(splitText("  \n ", "file")).toEqual([]);
});
