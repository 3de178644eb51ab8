import type { Random } from "@lexiscope/core";
import type { SparseExample } from "../feature-record.ts";
import type { FeatureFindings, TermWeights } from "../findings.ts";
import { foldWord } from "../words.ts";
import { placeOf, tokenText, type SyntheticText } from "./synthetic-text.ts";

/** How much a feature's page holds: a few have all of what a real one has, most less, so that a million fit on a disk. */
export interface PageSize {
  strongest: number;
  perInterval: number;
  outputs: number;
  neighbours: number;
  near: number;
}
export const fullPage: PageSize = { strongest: 20, perInterval: 3, outputs: 20, neighbours: 20, near: 8 };
export const smallPage: PageSize = { strongest: 3, perInterval: 0, outputs: 5, neighbours: 5, near: 4 };
export const intervals = 10;
/** Tokens that the features were seen on, as they claim. */
export const syntheticTokens = 100_000_000;

export interface SyntheticFeature {
  findings: FeatureFindings;
  examples: SparseExample[];
}

/** Feature `index` of `features`: log-normal density, maximum and effect; one in fifty is dead; it fires on a word or two. */
export function syntheticFeature(text: SyntheticText, random: Random, index: number, features: number, page: PageSize): SyntheticFeature {
  const dead = random.below(50) === 0;
  const [first, second] = [text.draw(), text.draw()];
  const fired = dead ? 0 : Math.max(1, Math.round(syntheticTokens * Math.min(0.3, Math.exp(random.normal() * 1.6 - 8))));
  const maximum = dead ? 0 : Math.fround(Math.exp(random.normal() * 0.5 + 2.5));
  const examples = dead ? [] : examplesOf(text, random, [first, second], maximum, page);
  const strongest = Math.fround(Math.exp(random.normal() * 0.4 + 0.9));
  const effects = (sign: number): FeatureFindings["top"] =>
    Array.from({ length: page.outputs }, (_, i) => {
      const id = i === 0 && sign > 0 ? first : text.draw();
      return { id, text: tokenText(text.words[id] ?? ""), value: (sign * strongest) / (1 + i / 6) };
    });
  const top = effects(1);
  const tokens = dead
    ? []
    : [first, second, text.draw()].map((id, i) => ({ id, text: tokenText(text.words[id] ?? ""), npmi: 0.8 / (i + 1), count: fired >> i }));
  const others = (): number[] => Array.from({ length: page.neighbours }, () => random.below(features));
  const firstExample = examples[0];
  return {
    examples,
    findings: {
      summary: {
        index,
        fired,
        density: fired / syntheticTokens,
        maximum,
        mean: maximum * (0.1 + 0.2 * random.next()),
        topToken: firstExample ? (text.contexts.get(firstExample.context).texts[firstExample.peak] ?? "") : "",
      },
      histogram: Array.from({ length: 40 }, (_, bin) => Math.floor(fired / (1 + bin) ** 2)),
      top,
      bottom: effects(-1),
      neighbours: others().map((other, i) => ({ index: other, cosine: 0.6 / (1 + i / 8) })),
      coactive: dead ? [] : others().map((other, i) => ({ index: other, npmi: 0.5 / (1 + i / 8), count: 3 + i })),
      tokens,
      reading: readingOf(text, examples, top, tokens, page.near),
    },
  };
}

function examplesOf(text: SyntheticText, random: Random, words: [number, number], maximum: number, page: PageSize): SparseExample[] {
  const example = (value: number, interval: number): SparseExample => {
    const places = text.occurrences(random.next() < 0.7 ? words[0] : words[1]);
    const { context, position: peak } = placeOf(places.length > 0 ? (places[random.below(places.length)] ?? 0) : random.below(64));
    const { tokens } = text.contexts.get(context);
    const positions = tokens.flatMap((token, position) => (token === tokens[peak] ? [position] : []));
    const values = Float32Array.from(positions, (position) => (position === peak ? value : value / 2));
    return { context, positions: Uint32Array.from(positions), values, peak, interval, repeat: false };
  };
  const strongest = Array.from({ length: page.strongest }, (_, i) => example(maximum * (1 - i / 50), -1));
  const sampled = Array.from({ length: intervals * page.perInterval }, (_, i) => {
    const interval = intervals - 1 - Math.floor(i / page.perInterval);
    return example((maximum * (interval + 0.5)) / intervals, interval);
  });
  return [...strongest, ...sampled];
}

/** What `readExamples` would find, by the short way: every token is a word. */
function readingOf(
  text: SyntheticText,
  examples: readonly SparseExample[],
  top: FeatureFindings["top"],
  tokens: FeatureFindings["tokens"],
  reach: number,
): FeatureFindings["reading"] {
  const terms = new Map<string, TermWeights>();
  const termOf = (word: string): TermWeights => {
    const folded = foldWord(word.trim());
    const term = terms.get(folded) ?? { peak: 0, near: 0, fires: 0, output: 0 };
    terms.set(folded, term);
    return term;
  };
  const strongest = examples.filter(({ interval }) => interval < 0);
  const total = strongest.reduce((sum, { values }) => sum + Math.max(...values), 0);
  const texts = strongest.map(({ context, peak, values }) => {
    const around = text.contexts.get(context).texts.slice(Math.max(0, peak - reach), peak + reach + 1);
    const share = Math.max(...values) / total;
    termOf(text.contexts.get(context).texts[peak] ?? "").peak += share;
    for (const word of new Set(around)) termOf(word).near += share;
    return around.join("");
  });
  for (const { text: word, npmi } of tokens) termOf(word).fires = Math.max(termOf(word).fires, npmi);
  const largest = top[0]?.value ?? 1;
  for (const { text: word, value } of top) termOf(word).output = Math.max(termOf(word).output, value / largest);
  const kept = Array.from(terms).filter(([, { peak, near, fires, output }]) => peak > 0 || fires > 0 || output > 0 || near >= 0.1);
  const [word, best] = kept.reduce<[string, number]>((max, [name, { peak }]) => (peak > max[1] ? [name, peak] : max), ["", 0]);
  return {
    word,
    consistency: best,
    examples: strongest.length,
    documents: new Set(strongest.map(({ context }) => text.contexts.get(context).document)).size,
    wordShare: 0.001,
    terms: new Map(kept.sort(([a], [b]) => (a < b ? -1 : 1))),
    tokenText: tokens.map(({ text: shown }) => shown).join(" "),
    exampleText: texts.join("\n"),
  };
}
