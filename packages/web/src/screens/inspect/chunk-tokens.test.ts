import { expect, test } from "vitest";
import { chunkTokens } from "./chunk-tokens.ts";

test("a text of ordinary length stays whole", () => {
  expect(chunkTokens([])).toEqual([]);
  expect(chunkTokens(new Array(400).fill("a"))).toEqual([[0, 400]]);
});

test("a longer one is cut after line breaks, else sentences, else anywhere; nothing is lost", () => {
  const texts = new Array<string>(1300).fill(" a");
  texts[249] = "\n";
  texts[390] = ".";
  texts[640] = ".";
  expect(chunkTokens(texts)).toEqual([
    [0, 250],
    [250, 641],
    [641, 1041],
    [1041, 1300],
  ]);
});
