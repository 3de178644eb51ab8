import { availableMemory } from "node:process";
import { formatBytes, LexiscopeError } from "@lexiscope/core";
import { trainConfigSchema, type ReluConfig, type TopKConfig, type TrainConfig } from "@lexiscope/contract";
import type { PresetName } from "./architectures/architecture.ts";
import { architectureOf, recipeArchitecture, recipeNames, type RecipeName } from "./architectures/index.ts";

/** Tokens of a step of the default preset. */
const defaultBatch = 4096;

/** What can be set; everything else follows from a recipe and a preset. */
export type TrainSettings = Partial<Omit<TopKConfig, "architecture"> & Omit<ReluConfig, "architecture">> & {
  /** `topk` when it is not said. */
  recipe?: RecipeName | undefined;
};

/** Shape of the data that a configuration is made for. */
export interface TrainData {
  d: number;
  trainRows: number;
}

/** A whole configuration from a preset and the caller's settings. Settings that cannot be are errors that name the field. */
export function trainConfig(preset: PresetName, { recipe = "topk", ...settings }: TrainSettings, data: TrainData): TrainConfig {
  const architecture = recipeArchitecture(recipe);
  const features = settings.features ?? (preset === "short" ? 4096 : 16_384);
  const batch = settings.batch ?? (preset === "short" ? 1024 : defaultBatch);
  const steps = settings.steps ?? (preset === "short" ? 1500 : Math.max(1, Math.ceil(data.trainRows / batch)));
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  refuseForeign(recipe, Object.keys(given));
  const config = trainConfigSchema.safeParse({
    architecture: architecture.name,
    ...architecture.preset(preset, { d: data.d, features, steps }),
    features,
    batch,
    steps,
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

/** A setting of another recipe would be passed over in silence. */
function refuseForeign(recipe: RecipeName, given: readonly string[]): void {
  for (const other of recipeNames) {
    const field = other === recipe ? undefined : recipeArchitecture(other).own.find((name) => given.includes(name));
    if (field === undefined) continue;
    throw new LexiscopeError("invalid_input", `${field} belongs to the recipe ${other}; this is ${recipe}`, {
      field,
      hint: `leave it out, or choose the recipe ${other}`,
    });
  }
}

/** Fewer steps than this leave the default preset's learning rate no time. */
const fewestDefaultSteps = 300;

/**
 * The preset for a run that names none: `short` where the default one would make fewer than 300 steps of the data (or of
 * `tokens`), unless steps, learning rate or batch are given, or a recipe that is asked for as it was published.
 */
export function recommendedPreset(settings: TrainSettings, { trainRows }: Pick<TrainData, "trainRows">, tokens = trainRows): PresetName {
  const chosen = settings.steps ?? settings.learningRate ?? settings.batch;
  return chosen === undefined && (settings.recipe ?? "topk") === "topk" && Math.ceil(tokens / defaultBatch) < fewestDefaultSteps
    ? "short"
    : "default";
}

/** Refuses sizes that cannot be trained, before anything is allocated. */
export function checkConfig(config: TrainConfig, data: TrainData): void {
  const { features, batch, steps, warmupSteps } = config;
  architectureOf(config).check(config);
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
export function trainingBytes(config: TrainConfig, { d, trainRows }: TrainData): number {
  const { features, batch, poolRows } = config;
  const weights = 2 * 4 * features * d;
  const state = 3 * weights;
  const trainer = state + 4 * features * d;
  const pool = 2 * d * Math.min(trainRows, Math.max(poolRows, 2 * batch));
  return trainer + Math.max(state, trainer + weights) + batch * d * 16 + architectureOf(config).stepBytes(config, d) + pool;
}

/** Tokens of silence after which a feature counts as dead: given, or 10⁷ or a fifth of the run, whichever is less. */
export function deadWindow(config: Pick<TrainConfig, "deadAfter" | "steps" | "batch">): number {
  return config.deadAfter ?? Math.max(1, Math.min(1e7, Math.floor((config.steps * config.batch) / 5)));
}

/** The first field in which two configurations differ. */
export function configDifference(a: TrainConfig, b: TrainConfig): string | undefined {
  const other: Record<string, unknown> = b;
  return Object.entries(a).find(([field, value]) => other[field] !== value)?.[0];
}
