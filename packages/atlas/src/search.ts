import type Database from "better-sqlite3";
import { LexiscopeError } from "@lexiscope/core";
import { commonWord, guarded } from "./database.ts";
import type { SearchHit, SearchPlace } from "./types.ts";
import { wordsOf } from "./words.ts";

/** Words of a query that are looked up; the rest of a long text adds nothing. */
const maxWords = 16;
/** Most hits that are looked at: more than anybody reads, and few enough to gather within the time of a request. */
export const maxHits = 10_000;
/** Features taken from the full-text index beside those that the words themselves name. */
const maxTextHits = 500;
/** Texts that are ranked, of the rarest words first: a word in the text of more features than this says little about one of them. */
const maxTextMatches = 5000;
/** Rows of terms that are read before the rest of a query's words only refine what the rarer ones found. */
const maxRows = 12_000;
/** Rows of single features that are looked up for that. */
const maxLookUps = 3000;
/** Searches kept: somebody who types, lists and scrolls asks for the same one again and again. */
const keptSearches = 16;
/** Words of so many features are kept as they were read, 36 bytes a feature: they stand in many queries and take the longest. */
const longList = 1000;
const keptWords = 32;
/** Longer words that are tried for a word that nothing knows, those of the most features first. */
const maxLongerWords = 50;

const weights = { peak: 1, fires: 0.25, near: 0.5, output: 0.25, text: 0.05 };
type Part = keyof typeof weights;
const places: [Part, SearchPlace][] = [
  ["peak", "peak"],
  ["fires", "top tokens"],
  ["near", "near the peak"],
  ["output", "output tokens"],
  ["text", "examples"],
];
const termParts = ["peak", "near", "fires", "output"] as const;

type Evidence = Record<Part, number>;
type TermRow = [feature: number, peak: number, near: number, fires: number, output: number];
/** Rows of terms, one after another: the features, and {@link TermRow}'s four parts of each. */
interface TermRows {
  features: Uint32Array;
  parts: Float64Array;
}

export interface Found extends Readonly<Evidence> {
  readonly index: number;
  readonly score: number;
}
const noRows: TermRows = { features: new Uint32Array(), parts: new Float64Array() };
type Gathered = Evidence & { index: number; score: number };

export interface SearchFindings {
  /** Best first, at most {@link maxHits}. */
  readonly hits: readonly Found[];
  /** There are more than were looked at. */
  readonly truncated: boolean;
}

export interface Searcher {
  /** `among`: only these kinds of evidence count. Not to be changed: it may be kept. */
  find(query: string, among?: readonly SearchPlace[]): SearchFindings;
}

/**
 * Features for a query, best first. Evidence for a word, each part from 0 to 1: `peak`, the share of the feature's
 * strongest examples with the word at their peak, weighted by activation; `near`, the same within eight tokens; `fires`,
 * the NPMI of its firing and the tokens that read as the word, over the whole store;
 * `output`, its direct effect on that word over its largest effect; `text`, b/(1 + b) for the BM25 b of all its text.
 * score = peak + ½ near + ¼ fires + ¼ output + 0.05 text, all but the last averaged over the words of the query. When no feature
 * knows any of the words, longer words that contain them count at half.
 *
 * What is read is bounded, whatever the number of features: of a word that stands for more than 10,000 of them, the
 * strongest (see `database.ts`) and those that the query's rarer words name; texts are ranked for words that few of them hold.
 */
export function createSearcher(db: Database.Database, path: string): Searcher {
  const sql = guarded(path, () => {
    const parts = "feature, peak, near, fires, output";
    return {
      count: db.prepare("SELECT features FROM words WHERE word = ?").pluck(),
      terms: db.prepare(`SELECT ${parts} FROM terms WHERE word = ?`).raw(),
      strong: db.prepare(`SELECT ${parts} FROM strong WHERE word = ?`).raw(),
      some: db.prepare(`SELECT ${parts} FROM terms WHERE word = ? AND feature IN (SELECT value FROM json_each(?))`).raw(),
      longer: db.prepare("SELECT word, features FROM words WHERE instr(word, ?) > 0 ORDER BY features DESC, word LIMIT ?"),
      matches: db.prepare("SELECT count(*) FROM (SELECT 1 FROM text WHERE text MATCH ? LIMIT ?)").pluck(),
      text: db.prepare("SELECT rowid, bm25(text, 4, 1, 2) AS rank FROM text WHERE text MATCH ? ORDER BY rank, rowid LIMIT ?").raw(),
    };
  });

  const longRows = new Map<string, TermRows>();
  const searches = new Map<string, SearchFindings>();

  /** What is kept of a word: all of it, of a common one the strongest. */
  function rowsOf(word: string, common: boolean): TermRows {
    const known = longRows.get(word);
    const rows = known ?? termRows((common ? sql.strong : sql.terms).all(word) as TermRow[]);
    if (known || rows.features.length >= longList) keep(longRows, word, rows, keptWords);
    return rows;
  }

  function gather(words: readonly string[], query: string): { found: Map<number, Gathered>; truncated: boolean } {
    // Punctuation, emoji and the like are no words, but may stand at a peak as they are.
    const terms = words.length > 0 ? words : [query.trim()];
    const found = new Map<number, Gathered>();
    const partly = addTerms(found, terms);
    const longer = found.size === 0 && addLonger(found, terms);
    const texts = words.length > 0 && addText(found, words);
    return { found, truncated: partly || longer || texts };
  }

  /** Adds what the words stand for, the rarest first and whole as long as there is room. Whether something was left out. */
  function addTerms(found: Map<number, Gathered>, terms: readonly string[]): boolean {
    const share = 1 / terms.length;
    const counted = terms.map((word) => ({ word, count: Number(sql.count.get(word) ?? 0) })).sort((a, b) => a.count - b.count);
    const partial: { word: string; known: Uint32Array }[] = [];
    const named = new Set<number>();
    let room = maxRows;
    for (const { word, count } of counted) {
      const whole = count <= commonWord;
      const rows = room <= 0 || (whole && count > room) ? noRows : rowsOf(word, !whole);
      room -= rows.features.length;
      addRows(found, rows, share);
      if (rows.features.length < count) partial.push({ word, known: rows.features });
      else if (terms.length > 1) for (const feature of rows.features) named.add(feature);
    }
    if (partial.length === 0) return false;
    // What a rarer word names is looked up for the common ones too, so that it is judged by the whole query.
    if (terms.length > 1) {
      const [first, others]: [Gathered[], Gathered[]] = [[], []];
      for (const each of found.values()) {
        each.score = scoreOf(each, weights);
        (named.has(each.index) ? first : others).push(each);
      }
      const most = Math.floor(maxLookUps / partial.length);
      const candidates = bestOf(first, most);
      candidates.push(...bestOf(others, most - candidates.length));
      for (const { word, known } of partial) {
        const there = new Set(known);
        const missing = candidates.flatMap(({ index }) => (there.has(index) ? [] : [index])).sort((a, b) => a - b);
        addRows(found, termRows(sql.some.all(word, JSON.stringify(missing)) as TermRow[]), share);
      }
    }
    return true;
  }

  /** Adds what longer words that contain the terms stand for, at half. Whether something was left out. */
  function addLonger(found: Map<number, Gathered>, terms: readonly string[]): boolean {
    let [room, partly] = [maxRows, false];
    for (const term of terms) {
      // Each feature counts once for a term, by the best of the longer words, as it does for the word itself.
      const best = new Map<number, Gathered>();
      const longer = sql.longer.all(term, maxLongerWords) as { word: string; features: number }[];
      if (longer.length === maxLongerWords) partly = true;
      for (const { word, features } of longer) {
        if (features > commonWord || room <= 0) partly = true;
        if (room <= 0) break;
        const rows = rowsOf(word, features > commonWord);
        room -= rows.features.length;
        addBest(best, rows);
      }
      for (const [feature, parts] of best) addParts(evidenceOf(found, feature), parts, 0.5 / terms.length);
    }
    return partly;
  }

  /** Adds the texts that the words stand in. Whether something was left out. */
  function addText(found: Map<number, Gathered>, words: readonly string[]): boolean {
    // Words hold letters and digits only and are quoted, so nothing of them is read as FTS5's query language.
    const counted = words
      .filter((word) => Number(sql.count.get(word) ?? 0) <= maxTextMatches)
      .map((word) => `"${word.replaceAll('"', '""')}"`)
      .map((word) => ({ word, count: Number(sql.matches.get(word, maxTextMatches + 1)) }))
      .sort((a, b) => a.count - b.count);
    const telling: string[] = [];
    let room = maxTextMatches;
    for (const { word, count } of counted) {
      room -= count;
      if (room >= 0) telling.push(word);
    }
    const partly = telling.length < words.length;
    if (telling.length === 0) return partly;
    const rows = sql.text.all(telling.join(" OR "), maxTextHits + 1) as [number, number][];
    for (const [feature, rank] of rows.slice(0, maxTextHits)) {
      const bm25 = Math.max(0, -rank);
      evidenceOf(found, feature).text = bm25 / (1 + bm25);
    }
    return partly || rows.length > maxTextHits;
  }

  return {
    find: (query, among) => {
      if (query.trim() === "")
        throw new LexiscopeError("invalid_input", "the search is empty", {
          field: "query",
          hint: "give a word, for example `lexiscope search music`",
        });
      const words = [...new Set(wordsOf(query))].slice(0, maxWords);
      const key = JSON.stringify([among, words.length > 0 ? words : query.trim()]);
      const known = searches.get(key) ?? guarded(path, () => look(words, query, among === undefined ? weights : weightsOf(among)));
      keep(searches, key, known, keptSearches);
      return known;
    },
  };

  function look(words: readonly string[], query: string, counted: Record<Part, number>): SearchFindings {
    const { found, truncated } = gather(words, query);
    const hits: Gathered[] = [];
    for (const each of found.values()) {
      each.score = scoreOf(each, counted);
      if (each.score > 0) hits.push(each);
    }
    return { hits: bestOf(hits, maxHits), truncated: truncated || hits.length > maxHits };
  }
}

/** Sets it down as the last used one, and forgets the one that was unused for longest when there are more than `most`. */
function keep<T>(all: Map<string, T>, key: string, value: T, most: number): void {
  all.delete(key);
  all.set(key, value);
  const [oldest] = all.keys();
  if (all.size > most && oldest !== undefined) all.delete(oldest);
}

/** The best hits of a search; `limit` is at most 1,000. */
export function searchFeatures(searcher: Searcher, query: string, limit: number): SearchHit[] {
  if (!Number.isInteger(limit) || limit < 1)
    throw new LexiscopeError("invalid_input", `limit is ${limit}; it must be a whole number above 0`, { field: "limit" });
  return searcher.find(query).hits.slice(0, Math.min(limit, 1000)).map(toHit);
}

function evidenceOf(found: Map<number, Gathered>, feature: number): Gathered {
  let entry = found.get(feature);
  if (!entry) found.set(feature, (entry = { index: feature, score: 0, peak: 0, fires: 0, near: 0, output: 0, text: 0 }));
  return entry;
}

function termRows(rows: readonly TermRow[]): TermRows {
  const [features, parts] = [new Uint32Array(rows.length), new Float64Array(4 * rows.length)];
  for (const [i, row] of rows.entries()) {
    features[i] = row[0];
    for (let part = 0; part < 4; part++) parts[4 * i + part] = row[part + 1] as number;
  }
  return { features, parts };
}

function addRows(found: Map<number, Gathered>, { features, parts }: TermRows, share: number): void {
  for (let i = 0; i < features.length; i++) {
    const sum = evidenceOf(found, features[i] as number);
    sum.peak += share * (parts[4 * i] as number);
    sum.near += share * (parts[4 * i + 1] as number);
    sum.fires += share * (parts[4 * i + 2] as number);
    sum.output += share * (parts[4 * i + 3] as number);
  }
}

function addParts(parts: Evidence, term: Record<(typeof termParts)[number], number>, share: number): void {
  for (const part of termParts) parts[part] += share * term[part];
}

function addBest(best: Map<number, Gathered>, { features, parts }: TermRows): void {
  for (let i = 0; i < features.length; i++) {
    const most = evidenceOf(best, features[i] as number);
    for (const [part, name] of termParts.entries()) most[name] = Math.max(most[name], parts[4 * i + part] as number);
  }
}

function weightsOf(among: readonly SearchPlace[]): Record<Part, number> {
  const none = { peak: 0, fires: 0, near: 0, output: 0, text: 0 };
  return places.reduce((counted, [part, place]) => (among.includes(place) ? { ...counted, [part]: weights[part] } : counted), none);
}

function scoreOf(parts: Evidence, counted: Record<Part, number>): number {
  return (
    counted.peak * parts.peak +
    counted.fires * parts.fires +
    counted.near * parts.near +
    counted.output * parts.output +
    counted.text * parts.text
  );
}

/** The best `most` of them, best first. Of many, only those that reach the last one's score are put in order. */
function bestOf(all: Gathered[], most: number): Gathered[] {
  if (all.length <= most || most <= 0) return most <= 0 ? [] : all.sort(bestFirst);
  const scores = new Float64Array(all.length);
  for (let i = 0; i < all.length; i++) scores[i] = (all[i] as Gathered).score;
  const cut = scores.sort()[all.length - most] as number;
  return all
    .filter(({ score }) => score >= cut)
    .sort(bestFirst)
    .slice(0, most);
}

function bestFirst(a: Found, b: Found): number {
  return b.score - a.score || a.index - b.index;
}

/** What people are told of a feature that was found. */
export function toHit(found: Found): SearchHit {
  const where = places.filter(([part]) => found[part] > 0).sort(([a], [b]) => weights[b] * found[b] - weights[a] * found[a]);
  return { index: found.index, score: found.score, where: where.map(([, place]) => place) };
}
