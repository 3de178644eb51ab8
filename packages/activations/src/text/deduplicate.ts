import { createHash } from "node:crypto";

/** Tells whether a text was seen before, letter case, punctuation and spacing aside; keeps 16 bytes a text. */
export function createDeduplicator(): (text: string) => boolean {
  const seen = new Set<string>();
  return function isRepeat(text) {
    const plain = text
      .normalize("NFKC")
      .toLowerCase()
      .replace(/[\s\p{P}]+/gu, " ")
      .trim();
    const key = createHash("sha256").update(plain).digest("base64").slice(0, 22);
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  };
}
