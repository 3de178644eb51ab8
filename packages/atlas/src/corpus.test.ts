import { expect, test } from "vitest";
import { corpusOf } from "./corpus.ts";

test("a word's share adds up the tokens that read as it", () => {
  const texts = [" whale", "Whales", " of", ",", "never"];
  const corpus = corpusOf([3, 1, 5, 1, 0], (token) => texts[token] ?? "");
  expect([corpus.wordShare("whale"), corpus.wordShare("of"), corpus.wordShare(","), corpus.wordShare("never")]).toEqual([0.4, 0.5, 0, 0]);
  expect([corpus.tokenShare(0), corpus.tokenShare(3), corpus.tokenShare(99)]).toEqual([0.3, 0.1, 0]);
});
