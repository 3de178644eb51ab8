/** Lone surrogates become U+FFFD; `replaced` counts them. */
export function toWellFormed(text: string): { text: string; replaced: number } {
  if (text.isWellFormed()) return { text, replaced: 0 };
  let replaced = 0;
  // With the u flag a surrogate matches only when it has no partner.
  return { text: text.replace(/[\ud800-\udfff]/gu, () => (replaced++, "\ufffd")), replaced };
}
