import { mkdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { AtlasManifest, DictionaryManifest } from "@lexiscope/contract";
import { parseSite, sha256File, version, writeFileAtomic, writeJsonAtomic } from "@lexiscope/core";
import { createDatabaseWriter } from "./database.ts";
import type { ExampleContexts } from "./example-contexts.ts";
import { writeFeatureRecord, type SparseExample } from "./feature-record.ts";
import type { FeatureFindings } from "./findings.ts";
import { atlasFiles, featureFile } from "./layout.ts";
import { createPackedWriter, packIndex } from "./packed-file.ts";

export interface AtlasWriterOptions {
  folder: string;
  site: string;
  /** x̄ [d] */
  mean: Float32Array;
  contexts: ExampleContexts;
  intervals: number;
}

/** Writes what an atlas has beside its dictionary, a feature at a time, in the order of their indices. */
export interface AtlasWriter {
  add(findings: FeatureFindings, examples: readonly SparseExample[]): Promise<void>;
  /** Finishes every file, then writes the manifest; `copied` names the dictionary's files, in place already. */
  finish(
    copied: readonly string[],
    dictionary: DictionaryManifest,
    index: () => AtlasManifest["index"],
    signal?: AbortSignal,
  ): Promise<void>;
  /** Closes what is open; nothing after `finish`. */
  abandon(): Promise<void>;
}

export async function createAtlasWriter({ folder, site, mean, contexts, intervals }: AtlasWriterOptions): Promise<AtlasWriter> {
  await mkdir(join(folder, atlasFiles.examples));
  const packed = featureFile(parseSite(site).layer);
  const tokens = new Map<number, string>();
  for (const context of contexts.all) for (const [i, id] of context.tokens.entries()) tokens.set(id, context.texts[i] ?? "");
  const database = createDatabaseWriter(join(folder, atlasFiles.features), mean, tokens);
  const records = await createPackedWriter(join(folder, packed.path));
  return {
    add: async (findings, examples) => {
      database.add(findings);
      const { summary, histogram, top, bottom } = findings;
      await records.add(writeFeatureRecord({ summary, histogram, top, bottom, examples, intervals, contexts }));
    },
    finish: async (copied, dictionary, index, signal) => {
      const offsets = await records.finish();
      await writeFileAtomic(
        join(folder, atlasFiles.examplesIndex),
        await packIndex({ [packed.key]: { filename: packed.filename, offsets } }),
      );
      await database.finish();
      await writeContexts(folder, contexts);
      const written = [atlasFiles.features, atlasFiles.examplesIndex, packed.path, atlasFiles.contextsIndex, atlasFiles.contexts];
      const files: AtlasManifest["files"] = [];
      for (const file of [...copied, ...written]) {
        const path = join(folder, file);
        files.push({ file: file.replaceAll("\\", "/"), bytes: (await stat(path)).size, sha256: await sha256File(path, signal) });
      }
      const manifest: AtlasManifest = { kind: "atlas", formatVersion: 1, software: version, dictionary, index: index(), files };
      await writeJsonAtomic(join(folder, atlasFiles.manifest), manifest);
    },
    abandon: async () => {
      await records.abandon();
      database.abandon();
    },
  };
}

async function writeContexts(folder: string, contexts: ExampleContexts): Promise<void> {
  const writer = await createPackedWriter(join(folder, atlasFiles.contexts));
  try {
    for (const { id, document, start, tokens } of contexts.all) await writer.add(JSON.stringify({ id, document, start, tokens }));
    await writeFileAtomic(
      join(folder, atlasFiles.contextsIndex),
      await packIndex({ contexts: { filename: basename(atlasFiles.contexts), offsets: await writer.finish() } }),
    );
  } finally {
    await writer.abandon();
  }
}
