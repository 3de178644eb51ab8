/** How far from a peak, in tokens, a word counts as near it. */
const nearTokens = 8;
/** Tokens on either side that are read to find whole words. */
const reach = 24;

const wordPattern = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
/** A byte that is no text by itself, as token texts show it: its letters are no word. */
const bytePattern = /\\x[0-9A-F]{2}/g;
const blankBytes = (text: string): string => text.replace(bytePattern, "    ");

/** Words of a text as they are compared: lower case, without accents, singular. */
export function wordsOf(text: string): string[] {
  return Array.from(blankBytes(text).matchAll(wordPattern), ([word]) => foldWord(word));
}

/** The form in which words are compared. English plurals lose their ending, roughly: `cities` → `city`, `taxes` → `tax`, `songs` → `song`. */
export function foldWord(word: string): string {
  const folded = word.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  if (folded.length > 4 && folded.endsWith("ies")) return `${folded.slice(0, -3)}y`;
  if (folded.length > 4 && /(?:ch|sh|ss|x|z)es$/.test(folded)) return folded.slice(0, -2);
  return folded.length > 3 && /[^su]s$/.test(folded) && !folded.endsWith("is") ? folded.slice(0, -1) : folded;
}

export interface PeakWords {
  /** The word that holds the peak token; for punctuation the token itself, trimmed. */
  peak: string;
  /** Words that touch the tokens within eight of the peak, the peak's own among them; each once. */
  near: Set<string>;
}

/** Words around position `peak` of a context given as token texts. */
export function peakWords(texts: readonly string[], peak: number): PeakWords {
  const first = Math.max(0, peak - reach);
  const starts: number[] = [];
  let text = "";
  for (let position = first; position < Math.min(texts.length, peak + reach + 1); position++) {
    starts.push(text.length);
    text += texts[position] ?? "";
  }
  starts.push(text.length);
  const startOf = (position: number): number => starts[Math.min(Math.max(position - first, 0), starts.length - 1)] ?? 0;
  const near = new Set<string>();
  let word: string | undefined;
  for (const match of blankBytes(text).matchAll(wordPattern)) {
    const [from, to] = [match.index, match.index + match[0].length];
    const touches = (a: number, b: number): boolean => to > startOf(a) && from < startOf(b);
    if (touches(peak - nearTokens, peak + nearTokens + 1)) near.add(foldWord(match[0]));
    if (touches(peak, peak + 1)) word ??= foldWord(match[0]);
  }
  return { peak: word ?? (texts[peak] ?? "").trim(), near };
}
