import { copyFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  RateMeter,
  asDiskError,
  isLexiscopeError,
  readFolder,
  requireDisk,
  resolveRef,
  syncFile,
  throwIfAborted,
  type ProgressEvent,
  type Work,
} from "@lexiscope/core";
import { createAtlasWriter } from "./atlas-writer.ts";
import { buildSettings, refuseMismatch, type BuildAtlasOptions, type BuildSettings } from "./build-options.ts";
import { decoderNeighbours, outputEffects, tokenTextOf } from "./directions.ts";
import { exampleContexts } from "./example-contexts.ts";
import { corpusOf } from "./corpus.ts";
import { coactiveOf, examplesOf, histogramOf, readExamples, summaryOf, tokensOf } from "./findings.ts";
import { indexPass } from "./index-pass.ts";
import { openAtlas } from "./open.ts";
import { isSameBuild } from "./same-build.ts";
import { stageFolder, type Staging } from "./staging.ts";
import type { Atlas } from "./types.ts";

/** Rough size of an example in the packed file, for the check of free disk before the work starts. */
const exampleBytes = 600;
/** Features written between two progress events. */
const writtenAtOnce = 64;

/**
 * Builds an atlas: one pass over the store for what every feature does, then what its direction writes and resembles.
 * The folder appears under its name only when it is whole. The same inputs and seed give the same files (but for the
 * time it took, in the manifest); an atlas that this very build has made already is opened. Errors: `mismatch` when store, dictionary and model do not belong together.
 */
export async function* buildAtlas(options: BuildAtlasOptions): Work<Atlas> {
  const settings = buildSettings(options);
  await refuseMismatch(options);
  const out = resolveRef("atlases", options.out);
  const { manifest } = options.dictionary;
  const copiedBytes = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
  await requireDisk(
    out,
    copiedBytes + manifest.features * (settings.top + settings.intervals * settings.perInterval) * exampleBytes,
    "the atlas",
  );
  const remark = (message: string): ProgressEvent => ({
    phase: "index",
    done: 0,
    total: options.store.manifest.rows,
    unit: "tokens",
    rate: 0,
    message,
  });
  const ends: (() => Promise<void>)[] = [];
  let staging: Staging | undefined;
  try {
    for (const { path } of [options.store, options.dictionary]) ends.push(await readFolder(path, `building ${basename(out)}`));
    staging = await stageFolder(out, options.replace === true).catch(async (error: unknown) => {
      if (isLexiscopeError(error) && error.field === "out" && (await isSameBuild(out, options, settings))) return undefined;
      throw error;
    });
    if (!staging) {
      yield remark("finished already");
      return await openAtlas(out);
    }
    if (staging.anew) yield remark("an earlier build was cut short: it begins anew");
    yield* fillFolder(staging.folder, options, settings);
    await staging.publish();
  } catch (error) {
    throw asDiskError(error, out);
  } finally {
    await staging?.discard();
    for (const end of ends) await end();
  }
  return openAtlas(out);
}

async function* fillFolder(folder: string, options: BuildAtlasOptions, settings: BuildSettings): AsyncGenerator<ProgressEvent, void, void> {
  const { store, dictionary, model, signal } = options;
  const started = performance.now();
  const pass = yield* indexPass(store, dictionary, model.native.vocabulary, settings, signal);
  const directions = {
    effects: yield* outputEffects(model, dictionary, signal),
    neighbours: yield* decoderNeighbours(dictionary, settings.neighbours, signal),
  };
  const copied = dictionary.manifest.files.map(({ file }) => file);
  for (const name of copied) {
    await copyFile(join(dictionary.path, name), join(folder, name));
    await syncFile(join(folder, name));
  }
  const contexts = await exampleContexts(store, model, pass.result, signal);
  const corpus = corpusOf(pass.tokenCounts, (token) => tokenTextOf(model, token));
  const mean = Float32Array.from(store.manifest.sites.find(({ name }) => name === dictionary.manifest.site)?.mean ?? []);
  const writer = await createAtlasWriter({ folder, site: dictionary.manifest.site, mean, contexts, intervals: settings.intervals });
  try {
    const rate = new RateMeter();
    const { features } = dictionary.manifest;
    for (let f = 0; f < features; f++) {
      const { top = [], bottom = [] } = directions.effects[f] ?? {};
      const examples = examplesOf(pass.result, f, contexts);
      const summary = summaryOf(pass.result, f, examples, contexts);
      const histogram = histogramOf(pass.result, f);
      const neighbours = directions.neighbours[f] ?? [];
      const tokens = tokensOf(pass.result, f, corpus);
      const reading = readExamples({ examples, top, tokens, contexts, corpus });
      await writer.add({ summary, histogram, top, bottom, neighbours, coactive: coactiveOf(pass.result, f), tokens, reading }, examples);
      if ((f + 1) % writtenAtOnce !== 0 && f + 1 < features) continue;
      throwIfAborted(signal);
      yield { phase: "write", done: f + 1, total: features, unit: "features", rate: rate.update(f + 1) };
    }
    await writer.finish(
      copied,
      dictionary.manifest,
      () => ({
        tokens: pass.result.tokens,
        contexts: pass.contexts,
        top: settings.top,
        intervals: settings.intervals,
        perInterval: settings.perInterval,
        neighbours: settings.neighbours,
        storePlan: store.manifest.planHash,
        seed: settings.seed,
        seconds: Number(((performance.now() - started) / 1000).toFixed(1)),
        alive: pass.result.fired.reduce((count, fired) => count + Number(fired > 0), 0),
      }),
      signal,
    );
  } finally {
    await writer.abandon();
  }
}
