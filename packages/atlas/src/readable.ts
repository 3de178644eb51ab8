import type { Atlas, FeatureCandidate } from "./types.ts";

const rule = {
  leastDensity: 1e-4,
  mostDensity: 1e-2,
  leastExamples: 20,
  leastDocuments: 5,
  leastLetters: 3,
  mostCommon: 1 / 1000,
};

/** How {@link chooseReadable} chooses, for printing beside what it chose. */
export const readableRule =
  "Chosen by rule, not by hand: fires on 1 in 10,000 to 1 in 100 tokens; 20 strongest examples without repeats, from 5 documents or more; " +
  "the peak's word has 3 letters or more and is at most 1 in 1,000 of all; ranked by constancy × the word's information: the share of " +
  "examples with that word at the peak (the mean over the strongest, by activation, and the samples from every interval) × −log₂ of the word's share of the text; one feature a word.";

/** The `n` most readable features by {@link readableRule}; fewer when fewer qualify. */
export function chooseReadable(atlas: Pick<Atlas, "candidates">, n: number): FeatureCandidate[] {
  const ranked = atlas
    .candidates()
    .filter(qualifies)
    .sort((a, b) => value(b) - value(a) || b.fired - a.fired || a.index - b.index);
  const words = new Set<string>();
  const chosen: FeatureCandidate[] = [];
  for (const candidate of ranked) {
    if (chosen.length === n) break;
    if (words.has(candidate.word)) continue;
    words.add(candidate.word);
    chosen.push(candidate);
  }
  return chosen;
}

/** Constancy times the bits that the word carries; a word of no known share counts as one in a million. */
function value({ consistency, wordShare }: Pick<FeatureCandidate, "consistency" | "wordShare">): number {
  return consistency * -Math.log2(Math.max(wordShare, 1e-6));
}

/** What {@link readability} is made of. */
export type FeatureReading = Pick<FeatureCandidate, "word" | "consistency" | "examples" | "documents" | "wordShare">;

/**
 * How likely a person can say at a glance what the feature stands for, in bits: constancy × −log₂ of the word's share of
 * the text, × min(1, examples / 20) × min(1, documents / 5); 0 where no word of three letters stands at the peaks. A
 * heuristic of ours for the order of lists: it favours features of one rare word, and says nothing of what others mean.
 */
export function readability(reading: FeatureReading): number {
  if (letters(reading.word) < rule.leastLetters) return 0;
  return value(reading) * Math.min(1, reading.examples / rule.leastExamples) * Math.min(1, reading.documents / rule.leastDocuments);
}

const letters = (word: string): number => word.match(/\p{L}/gu)?.length ?? 0;

function qualifies({ density, examples, documents, word, wordShare }: FeatureCandidate): boolean {
  return (
    density >= rule.leastDensity &&
    density <= rule.mostDensity &&
    examples >= rule.leastExamples &&
    documents >= rule.leastDocuments &&
    letters(word) >= rule.leastLetters &&
    wordShare <= rule.mostCommon
  );
}
