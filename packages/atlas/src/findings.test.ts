import { expect, test } from "vitest";
import type { NativeIndexResult } from "@lexiscope/native";
import { exampleContextsFrom } from "./example-contexts.ts";
import { coactiveOf, examplesOf, histogramOf, readExamples, summaryOf, tokensOf } from "./findings.ts";

const texts = ["The", " old", " whale", " sank", ".", " Whales", " sing"];
const context = (id: number, document: number): Parameters<typeof exampleContextsFrom>[0][number] => ({
  id,
  document,
  start: 0,
  tokens: texts.map((_, i) => i),
  texts,
});

/** Feature 0 never fired; feature 1 has three examples, of contexts 7, 9 and 7. */
const result: NativeIndexResult = {
  tokens: 1000,
  fired: Uint32Array.of(0, 4),
  maximum: Float32Array.of(0, 8),
  sum: Float64Array.of(0, 20),
  sumSquares: Float64Array.of(0, 120),
  histogram: Uint32Array.from({ length: 80 }, (_, i) => (i === 79 ? 4 : 0)),
  exampleOffsets: Uint32Array.of(0, 0, 3),
  exampleContext: Uint32Array.of(7, 9, 7),
  exampleInterval: Int32Array.of(-1, -1, 5),
  examplePeak: Uint32Array.of(2, 2, 5),
  activationOffsets: Uint32Array.of(0, 2, 3, 5),
  activationPositions: Uint32Array.of(2, 5, 2, 2, 5),
  activationValues: Float32Array.of(8, 4, 2, 8, 4),
  coactivationIds: Uint32Array.of(0xffffffff, 0xffffffff, 0, 0xffffffff),
  coactivationScores: Float32Array.of(0, 0, 0.5, 0),
  coactivationCounts: Uint32Array.of(0, 0, 3, 0),
  tokenIds: Uint32Array.of(0xffffffff, 0xffffffff, 2, 0xffffffff),
  tokenScores: Float32Array.of(0, 0, 0.25, 0),
  tokenCounts: Uint32Array.of(0, 0, 4, 0),
};
const contexts = exampleContextsFrom([context(7, 1), context(9, 2)]);

test("a feature's part of the native result is cut out", () => {
  expect(summaryOf(result, 1, examplesOf(result, 1, contexts), contexts)).toEqual({
    index: 1,
    fired: 4,
    density: 0.004,
    maximum: 8,
    mean: 5,
    topToken: " whale",
  });
  expect(summaryOf(result, 0, [], contexts)).toEqual({ index: 0, fired: 0, density: 0, maximum: 0, mean: 0, topToken: "" });
  expect(histogramOf(result, 1)).toEqual([...new Array<number>(39).fill(0), 4]);
  expect([coactiveOf(result, 0), coactiveOf(result, 1)]).toEqual([[], [{ index: 0, npmi: 0.5, count: 3 }]]);
});

test("the tokens that it fires on are named", () => {
  const corpus = { textOf: (id: number) => texts[id] ?? "", tokenShare: () => 0, wordShare: () => 0 };
  expect([tokensOf(result, 0, corpus), tokensOf(result, 1, corpus)]).toEqual([[], [{ id: 2, text: " whale", npmi: 0.25, count: 4 }]]);
});

test("the same tokens around the peak make a repeat, another peak of the same context does not", () => {
  expect(examplesOf(result, 1, contexts).map(({ context: ordinal, peak, repeat }) => ({ ordinal, peak, repeat }))).toEqual([
    { ordinal: 0, peak: 2, repeat: false },
    { ordinal: 1, peak: 2, repeat: true },
    { ordinal: 0, peak: 5, repeat: false },
  ]);
  expect(() => examplesOf({ ...result, exampleContext: Uint32Array.of(7, 8, 7) }, 1, contexts)).toThrow("context 8");
});

test("words at and near the peaks are weighed by activation, output tokens by their effect", () => {
  const example = (
    ordinal: number,
    peak: number,
    value: number,
    interval = -1,
  ): Parameters<typeof readExamples>[0]["examples"][number] => ({
    context: ordinal,
    peak,
    positions: Uint32Array.of(peak),
    values: Float32Array.of(value),
    interval,
    repeat: false,
  });
  const examples = [example(0, 2, 6), example(1, 6, 2), { ...example(0, 3, 9), repeat: true }, example(0, 5, 3, 4), example(1, 4, 3, 4)];
  const top = [
    { id: 1, text: " Whale", value: 4 },
    { id: 2, text: "ship", value: 1 },
    { id: 3, text: "no", value: -1 },
  ];
  const tokens = [{ id: 2, text: " whales", npmi: 0.5, count: 9 }];
  const corpus = { wordShare: (word: string) => (word === "whale" ? 0.002 : 0), tokenShare: () => 0.1 };
  const reading = readExamples({ examples, top, tokens, contexts, corpus });
  expect(reading).toMatchObject({ word: "whale", examples: 2, documents: 2, wordShare: 0.002, tokenText: "whale sing  whales" });
  // 6 of 8 by activation among the strongest; one of two samples.
  expect(reading.consistency).toBe((0.75 + 0.5) / 2);
  expect(reading.terms.get("whale")).toEqual({ peak: 0.75, near: 1, fires: 0.5, output: 1 });
  expect(reading.terms.get("ship")).toEqual({ peak: 0, near: 0, fires: 0, output: 0.25 });
  expect(reading.terms.get("sing")).toMatchObject({ peak: 0.25, near: 1 });
  expect(reading.terms.has("no")).toBe(false);
  expect(readExamples({ examples: [], top: [], tokens: [], contexts, corpus: { wordShare: () => 0, tokenShare: () => 0 } })).toMatchObject({
    word: "",
    consistency: 0,
    examples: 0,
    documents: 0,
    wordShare: 0,
  });
});
