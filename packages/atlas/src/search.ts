import type Database from "better-sqlite3";
import { LexiscopeError } from "@lexiscope/core";
import { guarded } from "./database.ts";
import type { SearchHit, SearchPlace } from "./types.ts";
import { wordsOf } from "./words.ts";

/** Words of a query that are looked up; the rest of a long text adds nothing. */
const maxWords = 16;
/** Most hits that can be asked for. */
const maxHits = 1000;
/** Features taken from the full-text index beside those that the words themselves name. */
const maxTextHits = 500;

const weights = { peak: 1, fires: 0.25, near: 0.5, output: 0.25, text: 0.05 };
const places: [keyof typeof weights, SearchPlace][] = [
  ["peak", "peak"],
  ["fires", "top tokens"],
  ["near", "near the peak"],
  ["output", "output tokens"],
  ["text", "examples"],
];

type Evidence = Record<keyof typeof weights, number>;

/**
 * Features for a query, best first. Evidence for a word, each part from 0 to 1: `peak`, the share of the feature's
 * strongest examples with the word at their peak, weighted by activation; `near`, the same within eight tokens; `fires`,
 * the NPMI of its firing and the tokens that read as the word, over the whole store;
 * `output`, its direct effect on that word over its largest effect; `text`, b/(1 + b) for the BM25 b of all its text.
 * score = peak + ½ near + ¼ fires + ¼ output + 0.05 text, all but the last averaged over the words of the query. When no feature
 * knows any of the words, longer words that contain them count at half.
 */
export function searchFeatures(db: Database.Database, path: string, query: string, limit: number): SearchHit[] {
  if (query.trim() === "")
    throw new LexiscopeError("invalid_input", "the search is empty", {
      field: "query",
      hint: "give a word, for example `lexiscope search music`",
    });
  if (!Number.isInteger(limit) || limit < 1)
    throw new LexiscopeError("invalid_input", `limit is ${limit}; it must be a whole number above 0`, { field: "limit" });
  const words = [...new Set(wordsOf(query))].slice(0, maxWords);
  const found = new Map<number, Evidence>();
  const evidence = (feature: number): Evidence => {
    const entry = found.get(feature) ?? { peak: 0, fires: 0, near: 0, output: 0, text: 0 };
    found.set(feature, entry);
    return entry;
  };
  return guarded(path, () => {
    // Punctuation, emoji and the like are no words, but may stand at a peak as they are.
    const terms = words.length > 0 ? words : [query.trim()];
    for (const term of terms) addTerm(db, "word = ?", term, 1 / terms.length, evidence);
    if (found.size === 0) for (const term of terms) addTerm(db, "instr(word, ?) > 0", term, 0.5 / terms.length, evidence);
    if (words.length > 0) addText(db, words, evidence);
    return Array.from(found, ([index, parts]) => toHit(index, parts))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, Math.min(limit, maxHits));
  });
}

function addTerm(db: Database.Database, condition: string, term: string, share: number, evidence: (feature: number) => Evidence): void {
  const rows = db
    .prepare(
      `SELECT feature, max(peak) AS peak, max(near) AS near, max(fires) AS fires, max(output) AS output FROM terms WHERE ${condition} GROUP BY feature`,
    )
    .all(term) as { feature: number; peak: number; near: number; fires: number; output: number }[];
  for (const row of rows) {
    const parts = evidence(row.feature);
    for (const part of ["peak", "near", "fires", "output"] as const) parts[part] += share * row[part];
  }
}

function addText(db: Database.Database, words: readonly string[], evidence: (feature: number) => Evidence): void {
  // Words hold letters and digits only and are quoted, so nothing of them is read as FTS5's query language.
  const match = words.map((word) => `"${word.replaceAll('"', '""')}"`).join(" OR ");
  const rows = db
    .prepare("SELECT rowid AS feature, bm25(text, 4, 1, 2) AS rank FROM text WHERE text MATCH ? ORDER BY rank, rowid LIMIT ?")
    .all(match, maxTextHits) as { feature: number; rank: number }[];
  for (const { feature, rank } of rows) {
    const bm25 = Math.max(0, -rank);
    evidence(feature).text = bm25 / (1 + bm25);
  }
}

function toHit(index: number, parts: Evidence): SearchHit {
  const score = places.reduce((sum, [part]) => sum + weights[part] * parts[part], 0);
  const where = places.filter(([part]) => parts[part] > 0).sort(([a], [b]) => weights[b] * parts[b] - weights[a] * parts[a]);
  return { index, score, where: where.map(([, place]) => place) };
}
