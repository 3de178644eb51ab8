/** Fewest and most tokens of a chunk. */
const [least, most] = [200, 400];

/**
 * Half-open ranges of tokens that are laid out each by itself, so that a browser skips those out of view. A text of one
 * chunk's length stays whole; longer ones are cut after a line break where there is one, else after the end of a sentence.
 */
export function chunkTokens(texts: readonly string[]): [from: number, to: number][] {
  const chunks: [number, number][] = [];
  let from = 0;
  while (texts.length - from > most) {
    const to =
      lastWhere(texts, from + least, from + most, (text) => text.includes("\n")) ??
      lastWhere(texts, from + least, from + most, (text) => /[.!?。]\s*$/.test(text)) ??
      from + most;
    chunks.push([from, to]);
    from = to;
  }
  if (from < texts.length) chunks.push([from, texts.length]);
  return chunks;
}

/** One past the last index in the range whose text fits. */
function lastWhere(texts: readonly string[], from: number, to: number, fits: (text: string) => boolean): number | undefined {
  for (let i = to - 1; i >= from; i--) if (fits(texts[i] ?? "")) return i + 1;
  return undefined;
}
