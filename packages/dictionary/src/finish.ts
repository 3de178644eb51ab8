import { stat } from "node:fs/promises";
import { join } from "node:path";
import { sha256File, version, writeJsonAtomic } from "@lexiscope/core";
import type { DictionaryManifest, Screening, TrainConfig } from "@lexiscope/contract";
import type { ActivationStore } from "@lexiscope/activations";
import type { NativeTrainer } from "@lexiscope/native";
import { architectureOf } from "./architectures/index.ts";
import { deadWindow } from "./config.ts";
import type { EvaluationResults } from "./evaluation.ts";
import { inputScale, type SiteStatistics } from "./normalise.ts";
import { configFile, weightsFile, writeSaeLens } from "./saelens.ts";

const manifestFile = "manifest.json";

export async function isFinished(folder: string): Promise<boolean> {
  return stat(join(folder, manifestFile)).then(
    () => true,
    () => false,
  );
}

/** Writes weights, `cfg.json` and, last, the manifest: a folder without it is an unfinished run. */
export async function finishDictionary(done: {
  folder: string;
  store: ActivationStore;
  statistics: SiteStatistics;
  config: TrainConfig;
  trainer: NativeTrainer;
  results: EvaluationResults;
  /** Features that were dead after the last step. */
  dead: number;
  screening: Screening | undefined;
  cpuPath: string;
  seconds: number;
}): Promise<void> {
  const { folder, store, statistics, config, trainer, results } = done;
  const { manifest: source } = store;
  const { metrics, random, pca, randomSteps, pcaComponents } = results;
  const dead = { count: done.dead, windowTokens: deadWindow(config) };
  await writeSaeLens(folder, trainer.weights(), {
    d: statistics.d,
    features: config.features,
    activation: architectureOf(config).activation(config),
    applyBDecToInput: architectureOf(config).applyBDecToInput,
    modelName: source.model.name,
    site: statistics.name,
    context: source.context,
    own: {
      lexiscope_version: version,
      lexiscope_weights_hash: source.model.weightsHash,
      lexiscope_store_plan: source.planHash,
      lexiscope_seed: config.seed,
      lexiscope_input_scale: inputScale(config.normalise, statistics.d, statistics.meanSquaredNorm),
      lexiscope_median_norm: statistics.medianNorm,
      lexiscope_keep: source.keep,
      lexiscope_held_out: { fvu: metrics.fvu, l0: metrics.l0, delta_ce: metrics.deltaCe },
      lexiscope_baselines: { random_fvu: random?.fvu ?? null, pca_fvu: pca?.fvu ?? null },
      l0: metrics.l0,
      num_dead_features: dead.count,
      ...(done.screening && { lexiscope_screening: done.screening }),
    },
  });
  const manifest: DictionaryManifest = {
    kind: "dictionary",
    formatVersion: 1,
    software: version,
    model: source.model,
    site: statistics.name,
    d: statistics.d,
    features: config.features,
    config,
    keep: source.keep,
    context: source.context,
    store: { planHash: source.planHash, tokens: source.tokens, rows: source.rows },
    text: source.text,
    cpuPath: done.cpuPath,
    medianNorm: statistics.medianNorm,
    tokensSeen: config.steps * config.batch,
    seconds: done.seconds,
    metrics,
    dead,
    ...(done.screening && { screening: done.screening }),
    baselines: { random, pca, randomSteps, pcaComponents },
    files: [await describeFile(folder, configFile), await describeFile(folder, weightsFile)],
  };
  await writeJsonAtomic(join(folder, manifestFile), manifest);
}

/** A file of a folder with its size and hash, as a manifest lists it. */
export async function describeFile(folder: string, file: string): Promise<DictionaryManifest["files"][number]> {
  const path = join(folder, file);
  return { file, bytes: (await stat(path)).size, sha256: await sha256File(path) };
}
