import { availableMemory } from "node:process";
import { formatBytes, LexiscopeError } from "@lexiscope/core";
import { trainConfigSchema, type TrainConfig } from "@lexiscope/contract";

/** `default`: TopK of science.md §4. `short`: for a run of one or two minutes over about 300k tokens. */
export const presetNames = ["default", "short"] as const;
export type PresetName = (typeof presetNames)[number];

/** Tokens of a step of the default preset. */
const defaultBatch = 4096;

/** What can be set; everything else follows from a preset. */
export type TrainSettings = Partial<Omit<TrainConfig, "architecture">>;

/** Shape of the data that a configuration is made for. */
export interface TrainData {
  d: number;
  trainRows: number;
}

/** A whole configuration from a preset and the caller's settings. Settings that cannot be are errors that name the field. */
export function trainConfig(preset: PresetName, settings: TrainSettings, data: TrainData): TrainConfig {
  const features = settings.features ?? (preset === "short" ? 4096 : 16_384);
  const batch = settings.batch ?? (preset === "short" ? 1024 : defaultBatch);
  const steps = settings.steps ?? (preset === "short" ? 1500 : Math.max(1, Math.ceil(data.trainRows / batch)));
  const base = {
    architecture: "topk",
    k: 32,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    normalise: "rms",
    decoderBiasInit: "mean",
    encoderScale: 1,
    auxCoefficient: 1 / 32,
    deadAfter: null,
    seed: 0,
  };
  const byPreset =
    preset === "short"
      ? {
          learningRate: 2e-3,
          encoderScale: 0.3,
          warmupSteps: Math.round(0.05 * steps),
          decayShare: 0.3,
          checkpointEverySteps: 500,
          poolRows: 500_000,
        }
      : {
          learningRate: 2e-4 / Math.sqrt(features / 16_384),
          warmupSteps: Math.min(1000, Math.round(0.1 * steps)),
          decayShare: 0.2,
          checkpointEverySteps: 1000,
          poolRows: 500_000,
        };
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const config = trainConfigSchema.safeParse({
    ...base,
    ...byPreset,
    features,
    batch,
    steps,
    auxK: Math.min(Math.max(1, data.d >> 1), features),
    ...given,
  });
  if (!config.success) {
    const issue = config.error.issues[0];
    throw new LexiscopeError("invalid_input", `${issue?.path.join(".")}: ${issue?.message}`, {
      field: issue?.path.join("."),
      hint: "see `lexiscope train --help` for what can be set",
    });
  }
  checkConfig(config.data, data);
  return config.data;
}

/** Fewer steps than this leave the default preset's learning rate no time. */
const fewestDefaultSteps = 300;

/**
 * The preset for a run that names none: `short` where the default one would make fewer than 300 steps of the data (or of
 * `tokens`), unless steps, learning rate or batch are given.
 */
export function recommendedPreset(settings: TrainSettings, { trainRows }: Pick<TrainData, "trainRows">, tokens = trainRows): PresetName {
  const chosen = settings.steps ?? settings.learningRate ?? settings.batch;
  return chosen === undefined && Math.ceil(tokens / defaultBatch) < fewestDefaultSteps ? "short" : "default";
}

/** Refuses widths, k and sizes that cannot be trained, before anything is allocated. */
export function checkConfig(config: TrainConfig, data: TrainData): void {
  const { features, k, auxK, batch, steps, warmupSteps } = config;
  if (k > features)
    throw new LexiscopeError("invalid_input", `k is ${k} and there are ${features} features: at most all of them can be active`, {
      field: "k",
      hint: `choose a k of at most ${features}, usually 16 to 128`,
    });
  if (auxK > features)
    throw new LexiscopeError("invalid_input", `auxK is ${auxK} and there are ${features} features`, {
      field: "auxK",
      hint: `choose at most ${features}`,
    });
  if (warmupSteps > steps)
    throw new LexiscopeError("invalid_input", `the warm-up of ${warmupSteps} steps is longer than the run of ${steps}`, {
      field: "warmupSteps",
    });
  const need = trainingBytes(config, data);
  const free = availableMemory();
  if (need > free) {
    throw new LexiscopeError(
      "environment",
      `${features} features of width ${data.d} with batches of ${batch} need about ${formatBytes(need)} of memory; ${formatBytes(free)} are free`,
      { field: "features", hint: "choose fewer features, a smaller batch or a smaller pool of rows" },
    );
  }
}

/**
 * The most bytes that a run holds at once: its trainer (weights, two moments, the packed encoder), what a batch needs,
 * the pool of rows in bf16, and the larger of what stands beside the trainer at a checkpoint (a copy of its state) and at the
 * end (the trainer of the random baseline, and weights copied out of it).
 */
export function trainingBytes(
  { features, batch, k, poolRows }: Pick<TrainConfig, "features" | "batch" | "k" | "poolRows">,
  { d, trainRows }: TrainData,
): number {
  const weights = 2 * 4 * features * d;
  const state = 3 * weights;
  const trainer = state + 4 * features * d;
  const pool = 2 * d * Math.min(trainRows, Math.max(poolRows, 2 * batch));
  return trainer + Math.max(state, trainer + weights) + batch * (d * 16 + k * 32) + pool;
}

/** Tokens of silence after which a feature counts as dead: given, or 10⁷ or a fifth of the run, whichever is less. */
export function deadWindow(config: Pick<TrainConfig, "deadAfter" | "steps" | "batch">): number {
  return config.deadAfter ?? Math.max(1, Math.min(1e7, Math.floor((config.steps * config.batch) / 5)));
}

/** The first field in which two configurations differ. */
export function configDifference(a: TrainConfig, b: TrainConfig): keyof TrainConfig | undefined {
  return (Object.keys(a) as (keyof TrainConfig)[]).find((field) => a[field] !== b[field]);
}
