import type { FeatureRow } from "@lexiscope/contract";
import { isOffensive } from "../state/offensive.ts";

/** Shorter words are mostly those that every text is full of. */
const leastLetters = 6;

/** Features to begin with: the first of a list whose word is long enough to tell something, one for each word. */
export function readableWords<Row extends Pick<FeatureRow, "word">>(rows: readonly Row[], most: number): Row[] {
  const found = new Map<string, Row>();
  for (const row of rows)
    if (/^\p{L}+$/u.test(row.word) && [...row.word].length >= leastLetters && !isOffensive(row.word) && !found.has(row.word))
      found.set(row.word, row);
  return [...found.values()].slice(0, most);
}
