import { createHash } from "node:crypto";
import type { NativeIndexResult } from "@lexiscope/native";
import type { Corpus } from "./corpus.ts";
import type { ExampleContexts } from "./example-contexts.ts";
import type { SparseExample } from "./feature-record.ts";
import type { FeatureRecord, FeatureStatistics, TokenEffect } from "./types.ts";
import { peakWords, wordsOf } from "./words.ts";

/** Tokens on either side of a peak that make two examples repeats of each other when they are equal. */
const repeatReach = 10;
/** Words near fewer of the strongest examples than this, by activation, are chance. */
const leastNear = 0.1;

/** How strongly a word stands for a feature; each from 0 to 1. */
export interface TermWeights {
  /** Share of the strongest examples with the word at their peak, weighted by activation; repeats count nothing. */
  peak: number;
  /** The same for words within eight tokens of the peak. */
  near: number;
  /** Largest NPMI of the feature's firing and a token that reads as the word. */
  fires: number;
  /** Largest direct effect among the feature's top output tokens that read as the word, over its largest of all. */
  output: number;
}

/** What the words around a feature's peaks say about it. */
export interface Reading {
  word: string;
  consistency: number;
  examples: number;
  documents: number;
  wordShare: number;
  terms: Map<string, TermWeights>;
  /** For full-text search: words at the peaks and the tokens that it fires on; the stretches of the strongest examples. */
  tokenText: string;
  exampleText: string;
}

/** Everything that the pass and the model say about one feature. */
export interface FeatureFindings extends Pick<FeatureRecord, "top" | "bottom" | "neighbours" | "coactive" | "tokens"> {
  summary: FeatureStatistics;
  histogram: readonly number[];
  reading: Reading;
}

/** In place of a neighbour's or a token's id. */
const none = 0xffff_ffff;

/** The examples of feature `f`, strongest first and repeats marked. */
export function examplesOf(result: NativeIndexResult, f: number, contexts: ExampleContexts): SparseExample[] {
  const seen = new Set<string>();
  const examples: SparseExample[] = [];
  for (let e = at(result.exampleOffsets, f); e < at(result.exampleOffsets, f + 1); e++) {
    const context = contexts.ordinal(at(result.exampleContext, e));
    const peak = at(result.examplePeak, e);
    const [from, to] = [at(result.activationOffsets, e), at(result.activationOffsets, e + 1)];
    const hash = windowHash(contexts.get(context).tokens, peak);
    examples.push({
      context,
      peak,
      interval: at(result.exampleInterval, e),
      positions: result.activationPositions.subarray(from, to),
      values: result.activationValues.subarray(from, to),
      repeat: seen.has(hash),
    });
    seen.add(hash);
  }
  return examples;
}

export function summaryOf(
  result: NativeIndexResult,
  f: number,
  examples: readonly SparseExample[],
  contexts: ExampleContexts,
): FeatureStatistics {
  const fired = at(result.fired, f);
  const first = examples[0];
  return {
    index: f,
    density: fired / result.tokens,
    fired,
    maximum: at(result.maximum, f),
    mean: fired === 0 ? 0 : at(result.sum, f) / fired,
    topToken: first ? (contexts.get(first.context).texts[first.peak] ?? "") : "",
  };
}

/** Counts of a_i in 40 equal bins of (0, maximum]. */
export function histogramOf(result: NativeIndexResult, f: number): number[] {
  const bins = result.histogram.length / result.fired.length;
  return Array.from(result.histogram.subarray(f * bins, (f + 1) * bins));
}

/** Neighbours by NPMI of firing on the same token, best first. */
export function coactiveOf(result: NativeIndexResult, f: number): FeatureRecord["coactive"] {
  const c = result.coactivationIds.length / result.fired.length;
  const list: FeatureRecord["coactive"] = [];
  for (let i = f * c; i < (f + 1) * c && at(result.coactivationIds, i) !== none; i++) {
    list.push({ index: at(result.coactivationIds, i), npmi: at(result.coactivationScores, i), count: at(result.coactivationCounts, i) });
  }
  return list;
}

/** Tokens that the feature fires on more than on others, best first. */
export function tokensOf(result: NativeIndexResult, f: number, corpus: Corpus): FeatureRecord["tokens"] {
  const t = result.tokenIds.length / result.fired.length;
  const list: FeatureRecord["tokens"] = [];
  for (let i = f * t; i < (f + 1) * t && at(result.tokenIds, i) !== none; i++) {
    const id = at(result.tokenIds, i);
    list.push({ id, text: corpus.textOf(id), npmi: at(result.tokenScores, i), count: at(result.tokenCounts, i) });
  }
  return list;
}

function windowHash(tokens: readonly number[], peak: number): string {
  const window = tokens.slice(Math.max(0, peak - repeatReach), peak + repeatReach + 1);
  return createHash("sha256")
    .update(Int32Array.from([Math.min(peak, repeatReach), ...window]))
    .digest("base64");
}

export interface ReadingInput {
  examples: readonly SparseExample[];
  /** Output tokens, largest effect first. */
  top: readonly TokenEffect[];
  /** Tokens that it fires on. */
  tokens: FeatureRecord["tokens"];
  contexts: ExampleContexts;
  corpus: Pick<Corpus, "wordShare" | "tokenShare">;
}

/** Reads the examples, tokens and output tokens of a feature as words. */
export function readExamples({ examples, top, tokens, contexts, corpus }: ReadingInput): Reading {
  const terms = new Map<string, TermWeights>();
  const termOf = (word: string): TermWeights => {
    const term = terms.get(word) ?? { peak: 0, near: 0, fires: 0, output: 0 };
    terms.set(word, term);
    return term;
  };
  const fresh = examples
    .filter((example) => !example.repeat)
    .map((example) => ({ example, value: valueAt(example), words: peakWords(contexts.get(example.context).texts, example.peak) }));
  const strongest = fresh.filter(({ example }) => example.interval < 0);
  const sampled = fresh.filter(({ example }) => example.interval >= 0);
  const total = strongest.reduce((sum, { value }) => sum + value, 0);
  for (const { value, words } of strongest) {
    termOf(words.peak).peak += value / total;
    for (const word of words.near) termOf(word).near += value / total;
  }
  for (const { text, npmi } of tokens) for (const word of wordsOf(text)) termOf(word).fires = Math.max(termOf(word).fires, npmi);
  const largest = top[0]?.value ?? 0;
  for (const { text, value } of top) {
    if (!(value > 0)) break;
    for (const word of new Set(wordsOf(text))) if (word.length > 1) termOf(word).output = Math.max(termOf(word).output, value / largest);
  }
  const [word, best] = Array.from(terms).reduce<[string, number]>(
    (max, [candidate, { peak }]) => (peak > max[1] ? [candidate, peak] : max),
    ["", 0],
  );
  const held = sampled.filter(({ words }) => words.peak === word).length;
  const first = strongest[0];
  for (const [candidate, { peak, near, fires, output }] of terms)
    if (candidate === "" || (peak === 0 && fires === 0 && output === 0 && near < leastNear)) terms.delete(candidate);
  return {
    word,
    consistency: sampled.length === 0 ? best : (best + held / sampled.length) / 2,
    examples: strongest.length,
    documents: new Set(strongest.map(({ example }) => contexts.get(example.context).document)).size,
    wordShare:
      corpus.wordShare(word) || (first ? corpus.tokenShare(contexts.get(first.example.context).tokens[first.example.peak] ?? -1) : 0),
    terms: new Map(Array.from(terms).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    tokenText: [...strongest.map(({ words }) => words.peak), ...tokens.map(({ text }) => text)].join(" "),
    exampleText: strongest.map(({ example }) => stretch(contexts.get(example.context).texts, example.peak)).join("\n"),
  };
}

function valueAt({ positions, values, peak }: SparseExample): number {
  return values[positions.indexOf(peak)] ?? 0;
}

function stretch(texts: readonly string[], peak: number): string {
  return texts.slice(Math.max(0, peak - 24), peak + 9).join("");
}

function at(array: ArrayLike<number>, index: number): number {
  const value = array[index];
  if (value === undefined) throw new RangeError(`index ${index} lies outside of the native result`);
  return value;
}
