import type { FeatureRow } from "@lexiscope/contract";
import { isOffensive } from "../state/offensive.ts";

/** Words of six letters or more: shorter ones are mostly those that every text is full of. */
const telling = /^\p{L}{6,}$/u;

/** Features to begin with: the first of a list whose word is long enough to tell something, one for each word. */
export function readableWords<Row extends Pick<FeatureRow, "word">>(rows: readonly Row[], most: number): Row[] {
  const found = new Map<string, Row>();
  for (const row of rows) if (telling.test(row.word) && !isOffensive(row.word) && !found.has(row.word)) found.set(row.word, row);
  return [...found.values()].slice(0, most);
}
