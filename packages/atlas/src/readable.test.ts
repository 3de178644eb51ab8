import { expect, test } from "vitest";
import { chooseReadable, readability, readableRule } from "./readable.ts";
import type { FeatureCandidate } from "./types.ts";

const good: FeatureCandidate = {
  index: 0,
  density: 1e-3,
  fired: 300,
  maximum: 9,
  mean: 4,
  topToken: " whale",
  effect: 1,
  topOutput: " sea",
  word: "whale",
  consistency: 0.9,
  examples: 20,
  documents: 12,
  wordShare: 1e-4,
};
const choose = (candidates: Partial<FeatureCandidate>[], n = 10): number[] =>
  chooseReadable({ candidates: () => candidates.map((c, index) => ({ ...good, word: `word${index}`, index, ...c })) }, n).map(
    ({ index }) => index,
  );

test("constancy decides, then how often a feature fires, then its number", () => {
  expect(choose([{ consistency: 0.5 }, { consistency: 1 }, { consistency: 1, fired: 400 }, { consistency: 1 }])).toEqual([2, 1, 3, 0]);
  expect(choose([{}, {}, {}], 2)).toEqual([0, 1]);
});

test("a rare word counts for more than a common one of the same constancy", () => {
  // .9 × log₂ 10⁴ = 11.96; .7 × log₂ 10⁶ = 13.95; .9 × log₂ 10³ = 8.97
  expect(choose([{}, { consistency: 0.7, wordShare: 1e-6 }, { wordShare: 1e-3 }])).toEqual([1, 0, 2]);
  expect(choose([{ consistency: 0.7, wordShare: 0 }, {}])).toEqual([0, 1]);
});

test("a word is shown once, by its best feature", () => {
  expect(choose([{ word: "sea", consistency: 0.8 }, { word: "sea" }, {}])).toEqual([1, 2]);
});

test("what the rule leaves out is left out, at its edges", () => {
  const out: Partial<FeatureCandidate>[] = [
    { density: 0.9e-4 },
    { density: 1.1e-2 },
    { examples: 19 },
    { documents: 4 },
    { word: "," },
    { word: "ab" },
    { word: "1851" },
    { wordShare: 0.0011 },
  ];
  for (const candidate of out) expect({ candidate, chosen: choose([candidate]) }).toEqual({ candidate, chosen: [] });
  expect(choose([{ density: 1e-4 }, { density: 1e-2 }, { examples: 20 }, { documents: 5 }, { word: "sea" }, { wordShare: 0.001 }])).toEqual(
    [0, 1, 2, 3, 4, 5],
  );
  for (const number of ["10,000", "1 in 100 ", "20 strongest", "5 documents", "3 letters", "1 in 1,000"])
    expect(readableRule).toContain(number);
});

test("readability is bits of constancy, less where there is little to go by, none without a word", () => {
  expect(readability(good)).toBeCloseTo(0.9 * Math.log2(1e4), 10);
  expect(readability({ ...good, examples: 5, documents: 1 })).toBeCloseTo((0.9 * Math.log2(1e4)) / 4 / 5, 10);
  expect(readability({ ...good, word: "of" })).toBe(0);
  expect(readability({ ...good, word: ");" })).toBe(0);
});
