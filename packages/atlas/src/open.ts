import { join } from "node:path";
import { LexiscopeError, parseSite, resolveRef, throwIfAborted } from "@lexiscope/core";
import { loadDictionary, type Dictionary } from "@lexiscope/dictionary";
import { checkHash, checkHashOnce, readAtlasManifest } from "./check-files.ts";
import { columnIndex, type ColumnIndex } from "./columns.ts";
import { openDatabase } from "./database.ts";
import { exampleDrift } from "./example-drift.ts";
import { contextRecordSchema, readFeatureRecord, type ContextRecord } from "./feature-record.ts";
import { featureRows } from "./feature-rows.ts";
import { atlasFiles, featureFile } from "./layout.ts";
import { createLister } from "./list-features.ts";
import { createPackedReader, readPackedIndex } from "./packed-file.ts";
import { createSearcher, searchFeatures } from "./search.ts";
import type { Atlas, ExampleWindow, FeatureExample } from "./types.ts";

/** Contexts kept in memory: a page of features shares many of them. */
const cachedContexts = 4096;
/** Bins of the density histogram. */
const densityBins = 40;

/**
 * Opens an atlas by name or path. The manifest, every file's size, the indices and the hash of the feature database are
 * checked now (that hash once in a process, as long as the file stays the same), the dictionary's hash when it is first used, each packed record's own checksum when it is read. Errors:
 * `not_found`, and `bad_file` with the name of the broken file.
 */
export async function openAtlas(ref: string): Promise<Atlas> {
  const path = resolveRef("atlases", ref);
  const manifest = await readAtlasManifest(path);
  const { d, features, site } = manifest.dictionary;
  const sizeOf = (filename: string): number | undefined =>
    manifest.files.find(({ file }) => file === `${atlasFiles.examples}/${filename}`)?.bytes;
  const records = await readPackedIndex(join(path, atlasFiles.examplesIndex), featureFile(parseSite(site).layer).key, features, sizeOf);
  const contexts = await readPackedIndex(join(path, atlasFiles.contextsIndex), "contexts", undefined, sizeOf);
  await checkHashOnce(path, manifest, atlasFiles.features);
  const file = join(path, atlasFiles.features);
  const db = openDatabase(file);
  const rows = featureRows(db, file, features);
  const mean = rows.mean(d);
  const contextsFile = join(path, atlasFiles.examples, contexts.filename);
  const recordsFile = join(path, atlasFiles.examples, records.filename);
  const contextReader = createPackedReader(contextsFile, contexts.offsets);
  const recordReader = createPackedReader(recordsFile, records.offsets);
  const cache = new Map<number, Promise<ContextRecord>>();
  const searcher = createSearcher(db, file);
  let index: ColumnIndex | undefined;
  const columns = (): ColumnIndex => (index ??= columnIndex(rows.columns()));
  const list = createLister({ features, columns, searcher, rows });
  let dictionary: Promise<Dictionary> | undefined;

  async function readContext(ordinal: number): Promise<ContextRecord> {
    const parsed = contextRecordSchema.safeParse(await contextReader.read(ordinal));
    if (parsed.success) return parsed.data;
    throw new LexiscopeError("bad_file", `${contextsFile}: record ${ordinal} is no context`, {
      file: contextsFile,
      hint: "the file is damaged; copy or build the atlas again",
    });
  }

  function contextOf(ordinal: number): Promise<ContextRecord> {
    const known = cache.get(ordinal) ?? readContext(ordinal);
    cache.delete(ordinal);
    cache.set(ordinal, known);
    known.catch(() => cache.delete(ordinal));
    const [oldest] = cache.keys();
    if (cache.size > cachedContexts && oldest !== undefined) cache.delete(oldest);
    return known;
  }

  async function readExamples(feature: number, options: { window?: ExampleWindow | undefined; n?: number }): Promise<FeatureExample[]> {
    const record = await recordReader.read(feature);
    return readFeatureRecord({ file: recordsFile, contextOf, tokenText: rows.tokenText }, feature, record, options);
  }

  const atlas: Atlas = {
    path,
    manifest,
    mean,
    dictionary: (signal) => {
      dictionary ??= loadDictionary(path, manifest.dictionary, [], signal);
      dictionary.catch(() => (dictionary = undefined)); // a call that was stopped must not spoil the next
      return dictionary;
    },
    feature: async (index, { window } = {}) => {
      const row = rows.row(index);
      return { ...row, examples: await readExamples(index, { window }) };
    },
    example: async (index, n, { window } = {}) => {
      rows.summary(index);
      const [example] = Number.isInteger(n) && n >= 0 ? await readExamples(index, { window, n }) : [];
      if (example) return example;
      throw new LexiscopeError("not_found", `feature ${index} has no example ${n}`, { field: "n" });
    },
    summary: (index) => rows.summary(index),
    summaries: (indices) => indices.map((index) => rows.summary(index)),
    tokenText: (id) => rows.tokenText(id),
    search: (query, limit) => searchFeatures(searcher, query, limit),
    list,
    histogramOf: (column, bins, { log = false } = {}) => columns().histogram(column, bins, log),
    densityHistogram: () => columns().histogram("density", densityBins, true),
    candidates: () => rows.candidates(),
    drift: (model, signal) => exampleDrift(model, atlas, signal),
    verify: async (signal) => {
      for (const { file: name } of manifest.files) {
        throwIfAborted(signal);
        await checkHash(path, manifest, name, signal);
      }
    },
    close: () => {
      contextReader.close();
      recordReader.close();
      db.close();
    },
  };
  return atlas;
}
