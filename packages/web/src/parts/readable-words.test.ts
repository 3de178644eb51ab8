import { expect, test } from "vitest";
import { readableWords } from "./readable-words.ts";

const words = (all: readonly string[], most = 8): string[] =>
  readableWords(
    all.map((word) => ({ word })),
    most,
  ).map(({ word }) => word);

test("takes long words in the order of the list, each once", () => {
  expect(words(["vineyard", "most", "queequeg", "vineyard", "fiscal"])).toEqual(["vineyard", "queequeg", "fiscal"]);
  expect(words(["vineyard", "queequeg", "fiscal"], 2)).toHaveLength(2);
});

test("leaves out what is no word, and what people would rather not be offered", () => {
  expect(words(["123456", "\\xE4\\xB8", "don't know", "", "whores", "человек"])).toEqual(["человек"]);
});
