import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Database from "better-sqlite3";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabaseWriter, openDatabase } from "./database.ts";
import { exampleContextsFrom } from "./example-contexts.ts";
import { readExamples, type FeatureFindings } from "./findings.ts";
import { createSearcher, searchFeatures, type Searcher } from "./search.ts";

const sentences = {
  /** Fires on the word itself. */
  france: ["I went to France in May", "the kings of France fell", "wine from France is dear", "France won"],
  /** Fires on other words beside it. */
  travel: ["a train to France leaves", "trains across Germany run", "a train to Spain stops", "the train is late"],
  music: ["she plays music at night", "music, always music", "loud music again", "the musical ended"],
  comma: ["yes, no", "one, two", "red, blue", "so, then"],
};
const peaks: Record<keyof typeof sentences, RegExp> = { france: /France/, travel: /trains?/, music: /music/, comma: /,/ };
/** Tokens that a feature fires on all over the store, though its strongest examples have others. */
const fires: Partial<Record<keyof typeof sentences, string[]>> = { music: [" violin"] };
const outputs: Partial<Record<keyof typeof sentences, string[]>> = { travel: [" train", " rail"], comma: [" France", " the"] };

let folder: string;
let path: string;
let db: Database.Database;
let searcher: Searcher;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-search-"));
  path = join(folder, "features.sqlite");
  const writer = createDatabaseWriter(path, new Float32Array(2), new Map());
  for (const [index, name] of (Object.keys(sentences) as (keyof typeof sentences)[]).entries()) writer.add(findings(index, name));
  await writer.finish();
  db = openDatabase(path);
  searcher = createSearcher(db, path);
});
afterAll(async () => {
  db.close();
  await rm(folder, { recursive: true });
});

function findings(index: number, name: keyof typeof sentences, texts: readonly string[] = sentences[name]): FeatureFindings {
  const all = texts.map((text, document) => ({
    id: document,
    document,
    start: 0,
    tokens: [document],
    texts: text.match(/ ?[^ ,]+|,/g) ?? [],
  }));
  const examples = all.map(({ texts }, context) => {
    const peak = texts.findIndex((text) => peaks[name].test(text));
    return { context, positions: Uint32Array.of(peak), values: Float32Array.of(8 - context), peak, interval: -1, repeat: false };
  });
  const top = (outputs[name] ?? [" zebra"]).map((text, id) => ({ id, text, value: 2 - id }));
  const tokens = (fires[name] ?? []).map((text, id) => ({ id, text, npmi: 0.4, count: 9 }));
  const corpus = { wordShare: () => 0, tokenShare: () => 0 };
  const reading = readExamples({ examples, top, tokens, contexts: exampleContextsFrom(all), corpus });
  return {
    summary: { index, density: 0.01, fired: 4, maximum: 8, mean: 5, topToken: "" },
    histogram: [4],
    top,
    bottom: [],
    tokens,
    neighbours: [],
    coactive: [],
    reading,
  };
}

const search = (query: string, limit = 10): { index: number; where: string[] }[] =>
  searchFeatures(searcher, query, limit).map(({ index, where }) => ({ index, where }));

test("the feature that fires on a word comes before those beside it and those that write it", () => {
  expect(search("France")).toEqual([
    { index: 0, where: ["peak", "near the peak", "examples"] },
    { index: 3, where: ["output tokens", "examples"] },
    { index: 1, where: ["near the peak", "examples"] },
  ]);
  expect(search("FRANCE!?")).toEqual(search("france"));
  expect(search("france", 1)).toHaveLength(1);
  expect(search("trains")[0]).toMatchObject({ index: 1, where: ["peak", "near the peak", "output tokens", "examples"] });
  expect(search("music")[0]).toMatchObject({ index: 2 });
});

test("the score is the stated sum", () => {
  const [first] = searchFeatures(searcher, "france", 1);
  const [text] = searchFeatures(searcher, "wine", 1);
  // All four examples have it at the peak: 1 + ½ + text, which is below 0.05.
  expect(first?.score).toBeGreaterThan(1.5);
  expect(first?.score).toBeLessThan(1.55);
  // One example of four, the one with activation 6 of 26, has it near.
  expect(text?.score).toBeGreaterThan(0.5 * (6 / 26));
  expect(text?.score).toBeLessThan(0.5 * (6 / 26) + 0.05);
});

test("a feature is found by tokens that it fires on below its peaks", () => {
  const [hit] = searchFeatures(searcher, "violins", 1);
  expect(hit).toMatchObject({ index: 2, where: ["top tokens", "examples"] });
  // NPMI 0.4 × ¼, and a little for the text.
  expect(hit?.score).toBeGreaterThan(0.1);
  expect(hit?.score).toBeLessThan(0.15);
});

test("several words are taken together", () => {
  expect(search("train to Spain")[0]).toMatchObject({ index: 1 });
  expect(search("wine from France")[0]).toMatchObject({ index: 0 });
});

test("longer words that contain the query count when nothing else does, and punctuation is found as it is", () => {
  expect(search("fran").map(({ index }) => index)).toEqual([0, 3, 1]);
  expect(search(",")[0]).toEqual({ index: 3, where: ["peak"] });
  expect(search("xylophone")).toEqual([]);
});

test("more texts with a word than are ranked are said to be more", async () => {
  const many = join(folder, "many.sqlite");
  const writer = createDatabaseWriter(many, new Float32Array(2), new Map());
  // The word stands too far from the peak to be near it: in the text of the examples alone.
  const far = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].join(" ");
  for (let i = 0; i < 501; i++) writer.add(findings(i, "france", [`quartz ${far} France`, ...(i === 0 ? [`basalt ${far} France`] : [])]));
  await writer.finish();
  const other = openDatabase(many);
  const common = createSearcher(other, many).find("quartz");
  expect(common.hits).toHaveLength(500);
  expect(common.truncated).toBe(true);
  expect(createSearcher(other, many).find("basalt")).toMatchObject({ hits: [{ index: 0 }], truncated: false });
  expect(searcher.find("france").truncated).toBe(false);
  other.close();
});

test("any text is a query", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: "binary" }),
        fc.constantFrom(
          '"',
          "NEAR(a b)",
          "peaks:france",
          "france* OR",
          "a AND NOT",
          "-",
          "^x",
          "'; DROP TABLE features; --",
          "{peaks}: x",
          "\0",
          "\ud800",
        ),
      ),
      (query) => {
        fc.pre(query.trim() !== "");
        searchFeatures(searcher, query, 5);
      },
    ),
    { numRuns: 500 },
  );
  for (const query of ["", "  \n"]) expect(() => search(query)).toThrow(expect.objectContaining({ code: "invalid_input", field: "query" }));
  expect(() => search("x", 0)).toThrow(expect.objectContaining({ field: "limit" }));
});
