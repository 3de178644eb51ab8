import type { Atlas, FeatureCandidate } from "./types.ts";

const rule = {
  leastDensity: 1e-4,
  mostDensity: 1e-2,
  leastExamples: 20,
  leastDocuments: 5,
  leastLetters: 3,
  mostCommon: 1 / 500,
};

/** How {@link chooseReadable} chooses, for printing beside what it chose. */
export const readableRule =
  "Chosen by rule, not by hand: fires on 1 in 10,000 to 1 in 100 tokens; 20 strongest examples without repeats, from 5 documents or more; " +
  "the peak's word has 3 letters or more and its token is at most 1 in 500 of all; ranked by how constantly that word stands at the peak, " +
  "among the strongest examples (by activation) and the samples from every interval, then by how often the feature fires; one feature a word.";

/** The `n` most readable features by {@link readableRule}; fewer when fewer qualify. */
export function chooseReadable(atlas: Pick<Atlas, "candidates">, n: number): FeatureCandidate[] {
  const ranked = atlas
    .candidates()
    .filter(qualifies)
    .sort((a, b) => b.consistency - a.consistency || b.fired - a.fired || a.index - b.index);
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

function qualifies({ density, examples, documents, word, tokenShare }: FeatureCandidate): boolean {
  return (
    density >= rule.leastDensity &&
    density <= rule.mostDensity &&
    examples >= rule.leastExamples &&
    documents >= rule.leastDocuments &&
    (word.match(/\p{L}/gu)?.length ?? 0) >= rule.leastLetters &&
    tokenShare <= rule.mostCommon
  );
}
