import type { Random } from "@lexiscope/core";
import { exampleContextsFrom, type ExampleContexts, type TextContext } from "../example-contexts.ts";

const commonest = "the of and to a in that is was for it with as his on be at by he had not are but from or have an they which one".split(
  " ",
);
const syllables = "ka lo mi ra te su no vi pel dor gan tis mer fol bri sha qu en ul or".split(" ");
const contextTokens = 64;

/** Words by rank, as common as one over their rank (Zipf), and contexts made of them: one token a word. */
export interface SyntheticText {
  words: readonly string[];
  contexts: ExampleContexts;
  /** A rank drawn by Zipf's law. */
  draw(): number;
  /** Where a word stands: numbers of tokens, counted over all contexts of 64. */
  occurrences(word: number): Uint32Array;
}

export const tokenText = (word: string): string => ` ${word}`;

export function syntheticText(random: Random, { words: size, contexts: count }: { words: number; contexts: number }): SyntheticText {
  const words = Array.from({ length: size }, (_, rank) => commonest[rank] ?? spell(rank));
  const draw = (): number => Math.min(size - 1, Math.floor(Math.exp(random.next() * Math.log(size + 1))) - 1);
  const texts = words.map(tokenText);
  const all: TextContext[] = Array.from({ length: count }, (_, id) => {
    const tokens = Array.from({ length: contextTokens }, draw);
    return { id, document: Math.floor(id / 4), start: (id % 4) * contextTokens, tokens, texts: tokens.map((token) => texts[token] ?? "") };
  });
  const starts = new Uint32Array(size + 1);
  for (const { tokens } of all) for (const token of tokens) starts[token + 1] = (starts[token + 1] ?? 0) + 1;
  for (let word = 0; word < size; word++) starts[word + 1] = (starts[word + 1] ?? 0) + (starts[word] ?? 0);
  const places = new Uint32Array(count * contextTokens);
  const filled = starts.slice();
  for (const { id, tokens } of all)
    for (const [position, token] of tokens.entries()) {
      const at = filled[token] ?? 0;
      places[at] = id * contextTokens + position;
      filled[token] = at + 1;
    }
  return {
    words,
    contexts: exampleContextsFrom(all),
    draw,
    occurrences: (word) => places.subarray(starts[word], starts[word + 1]),
  };
}

export function placeOf(token: number): { context: number; position: number } {
  return { context: Math.floor(token / contextTokens), position: token % contextTokens };
}

/** A word for a rank: its digits to the base of the syllables, one syllable more than they need. */
function spell(rank: number): string {
  let word = syllables[rank % 7] ?? "";
  for (let rest = rank; rest > 0; rest = Math.floor(rest / syllables.length)) word += syllables[rest % syllables.length] ?? "";
  return word;
}
