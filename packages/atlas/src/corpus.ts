import { wordsOf } from "./words.ts";

/** How common tokens and words are in the text of the store. */
export interface Corpus {
  textOf(token: number): string;
  /** Share of all tokens. */
  tokenShare(token: number): number;
  /** Share of all tokens that read as the word, in whatever case and with or without a space; 0 for a word that no single token reads as. */
  wordShare(word: string): number;
}

/** `counts[id]`: how often each token id stands in the text. */
export function corpusOf(counts: ArrayLike<number>, textOf: (token: number) => string): Corpus {
  const words = new Map<string, number>();
  let total = 0;
  for (let token = 0; token < counts.length; token++) {
    const count = counts[token] ?? 0;
    if (count === 0) continue;
    total += count;
    for (const word of new Set(wordsOf(textOf(token)))) words.set(word, (words.get(word) ?? 0) + count);
  }
  return {
    textOf,
    tokenShare: (token) => (counts[token] ?? 0) / total,
    wordShare: (word) => (words.get(word) ?? 0) / total,
  };
}
