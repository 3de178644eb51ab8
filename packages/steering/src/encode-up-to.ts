import type { Tokenizer } from "@lexiscope/model";

export interface Encoded {
  /** Absent: there are more than the limit, and they were not all counted. */
  ids: number[] | undefined;
  /** How many; where they were not all counted, about how many, more than the limit. */
  tokens: number;
}

/** Characters looked at first, for each token of the limit: more than most texts have. */
const usualCharacters = 8;

/**
 * The tokens of a text, where there are not far more than `limit`. Of one that is longer only a beginning is tokenised:
 * what it costs depends on the limit and not on the text.
 */
export function encodeUpTo(tokenizer: Tokenizer, text: string, limit: number, options?: { addSpecial?: boolean }): Encoded {
  const longest = longestToken(tokenizer);
  if (text.length > limit * longest) return { ids: undefined, tokens: Math.max(limit + 1, Math.ceil(text.length / longest)) };
  for (let length = limit * usualCharacters; length < text.length; length *= 2) {
    const tokens = tokenizer.encode(text.slice(0, length), options).length;
    // The cut may lie in a token, which then reads as some.
    if (tokens > limit + longest) return { ids: undefined, tokens: Math.ceil((tokens * text.length) / length) };
  }
  const ids = tokenizer.encode(text, options);
  return { ids, tokens: ids.length };
}

const longestTokens = new WeakMap<Tokenizer, number>();

/** Bytes of the longest token: no character of a text has less than one. */
function longestToken(tokenizer: Tokenizer): number {
  const known = longestTokens.get(tokenizer);
  if (known !== undefined) return known;
  let longest = 1;
  for (let id = 0; id < tokenizer.size; id++) longest = Math.max(longest, tokenizer.tokenBytes(id).length);
  longestTokens.set(tokenizer, longest);
  return longest;
}
