import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { DictionaryManifest } from "@lexiscope/contract";
import { LexiscopeError, createRandom, mixSeed, sha256File, version } from "@lexiscope/core";
import { writeSaeLens } from "@lexiscope/dictionary";
import { createAtlasWriter } from "../atlas-writer.ts";
import { fullPage, intervals, smallPage, syntheticFeature, syntheticTokens } from "./synthetic-feature.ts";
import { syntheticText } from "./synthetic-text.ts";

export interface SyntheticAtlasOptions {
  /** A folder that does not exist yet. */
  folder: string;
  features: number;
  seed?: number;
  /** Every so many features one has a page as large as a real one's; the others are small (64). */
  fullEvery?: number;
  onProgress?: (done: number) => void;
}

const site = "blocks.1.hook_resid_post";
const [d, k] = [8, 4];
/** Sizes for a million features; fewer need no more than a word and a context each. */
const most = { words: 60_000, contexts: 20_000 };

/**
 * Writes an atlas of made-up features through the writers of a real one: for measuring and testing sizes that would take a
 * day to train. It opens, verifies and answers like any other; its dictionary is random. The same seed gives the same bytes.
 */
export async function writeSyntheticAtlas({
  folder,
  features,
  seed = 0,
  fullEvery = 64,
  onProgress,
}: SyntheticAtlasOptions): Promise<void> {
  if (!Number.isInteger(features) || features < 1 || features > 2 ** 24)
    throw new LexiscopeError("invalid_input", `features is ${features}; it must be a whole number from 1 to 2^24`, { field: "features" });
  await mkdir(folder);
  const dictionary = await writeDictionary(folder, features, seed);
  const random = createRandom(mixSeed(seed, 1));
  const text = syntheticText(random, { words: Math.min(most.words, 1000 + features), contexts: Math.min(most.contexts, 100 + features) });
  const writer = await createAtlasWriter({ folder, site, mean: new Float32Array(d), contexts: text.contexts, intervals });
  let alive = 0;
  try {
    for (let index = 0; index < features; index++) {
      const page = index % fullEvery === 0 ? fullPage : smallPage;
      const { findings, examples } = syntheticFeature(text, random, index, features, page);
      alive += Number(findings.summary.fired > 0);
      await writer.add(findings, examples);
      if ((index + 1) % 10_000 === 0) onProgress?.(index + 1);
    }
    const { strongest: top, perInterval } = fullPage;
    await writer.finish(
      dictionary.files.map(({ file }) => file),
      dictionary,
      () => ({ tokens: syntheticTokens, contexts: text.contexts.all.length, top, intervals, perInterval, seed, seconds: 0, alive }),
    );
  } finally {
    await writer.abandon();
  }
}

async function writeDictionary(folder: string, features: number, seed: number): Promise<DictionaryManifest> {
  const random = createRandom(mixSeed(seed, 0));
  const decoder = Float32Array.from({ length: features * d }, () => random.next() - 0.5);
  for (let row = 0; row < features; row++) {
    const direction = decoder.subarray(row * d, (row + 1) * d);
    const norm = Math.hypot(...direction);
    for (let i = 0; i < d; i++) direction[i] = (direction[i] ?? 0) / norm;
  }
  const weights = { encoder: decoder, encoderBias: new Float32Array(features), decoder, decoderBias: new Float32Array(d) };
  await writeSaeLens(folder, weights, {
    d,
    features,
    activation: { kind: "topk", k },
    applyBDecToInput: true,
    modelName: "synthetic",
    site,
    context: 64,
    own: {},
  });
  const files: DictionaryManifest["files"] = [];
  for (const file of ["cfg.json", "sae_weights.safetensors"]) {
    const path = join(folder, file);
    files.push({ file, bytes: (await stat(path)).size, sha256: await sha256File(path) });
  }
  const metrics = { tokens: 0, fvu: 1, l0: k, deltaCe: null, ceClean: null, cePatched: null, deltaCeMeanAblation: null };
  return {
    kind: "dictionary",
    formatVersion: 1,
    software: version,
    model: { name: "synthetic", weightsHash: "0".repeat(64), fileHash: null, d, layers: 2, vocabulary: most.words },
    site,
    d,
    features,
    config: {
      architecture: "topk",
      features,
      k,
      steps: 1,
      batch: 1,
      learningRate: 1,
      warmupSteps: 0,
      decayShare: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      normalise: "none",
      decoderBiasInit: "zero",
      encoderScale: 1,
      auxCoefficient: 0,
      auxK: 0,
      deadAfter: null,
      poolRows: 1,
      checkpointEverySteps: 1,
      seed,
      screen: "exact",
    },
    keep: { skipPositionZero: true, skipSpecialTokens: true, maxNormOverMedian: 10 },
    context: 64,
    store: { planHash: "0".repeat(64), tokens: 0, rows: 0 },
    text: [],
    cpuPath: "portable",
    medianNorm: 1,
    tokensSeen: 0,
    seconds: 0,
    metrics,
    dead: { count: 0, windowTokens: 0 },
    baselines: { random: null, pca: null },
    files,
  };
}
