import { z } from "zod";

/** A model as artefacts name it: the same weights have the same hash whatever file they came in. */
export const modelIdentitySchema = z.object({
  name: z.string(),
  /** SHA-256 of the dequantised f32 weights. */
  weightsHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** SHA-256 of the file, when it is one file. */
  fileHash: z.string().nullable(),
  d: z.int().positive(),
  layers: z.int().positive(),
  vocabulary: z.int().positive(),
});
export type ModelIdentity = z.infer<typeof modelIdentitySchema>;

/** Which tokens count, everywhere: harvest, training, metrics, ΔCE, edits. */
export const keepRuleSchema = z.object({
  /** Position 0 is an attention sink and is left out. */
  skipPositionZero: z.boolean(),
  skipSpecialTokens: z.boolean(),
  /** Tokens whose norm exceeds this many times the median of the kept ones are left out. */
  maxNormOverMedian: z.number().positive(),
});
export type KeepRule = z.infer<typeof keepRuleSchema>;

const hashedFileSchema = z.object({ file: z.string(), bytes: z.int().nonnegative(), sha256: z.string() });

export const storeManifestSchema = z.object({
  kind: z.literal("activation-store"),
  formatVersion: z.literal(1),
  software: z.string(),
  model: modelIdentitySchema,
  sites: z.array(
    z.object({
      name: z.string(),
      d: z.int().positive(),
      /** Over kept rows (position 0 and special tokens left out). */
      medianNorm: z.number(),
      /** E‖x‖² and the mean over the training rows within the norm limit. */
      meanSquaredNorm: z.number(),
      mean: z.array(z.number()),
      /** Rows left out because of their norm. */
      outliers: z.int().nonnegative(),
    }),
  ),
  keep: keepRuleSchema,
  context: z.int().positive(),
  seed: z.int(),
  cpuPath: z.string(),
  dtype: z.string(),
  planHash: z.string(),
  text: z.array(z.object({ source: z.string(), weight: z.number(), documents: z.int(), tokens: z.int(), licence: z.string().optional() })),
  tokens: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  contexts: z.int().nonnegative(),
  heldOut: z.object({ share: z.number(), contexts: z.int(), rows: z.int() }),
  shards: z.array(hashedFileSchema.extend({ contexts: z.int(), rows: z.int() })),
});
export type StoreManifest = z.infer<typeof storeManifestSchema>;

/** A dictionary's score on held-out documents. Every formula is science.md's §2.7. */
export const metricsSchema = z.object({
  tokens: z.int(),
  /** Σ‖x−x̂‖² / Σ‖x−x̄‖², x̄ the mean over the whole sample */
  fvu: z.number(),
  l0: z.number(),
  /** nats per token: CE with x̂ in place of x, minus CE clean; null when not run */
  deltaCe: z.number().nullable(),
  ceClean: z.number().nullable(),
  cePatched: z.number().nullable(),
  /** CE with the site's mean in place of x, minus clean */
  deltaCeMeanAblation: z.number().nullable(),
  /** Tokens over which the cross-entropies are means: kept positions that have a next token. */
  ceTokens: z.int().nonnegative().optional(),
});
export type Metrics = z.infer<typeof metricsSchema>;

/** What every architecture is trained with. */
const sharedTrainConfig = {
  features: z
    .int()
    .min(1)
    .max(2 ** 24),
  steps: z.int().min(1),
  batch: z
    .int()
    .min(1)
    .max(1 << 20),
  learningRate: z.number().positive(),
  warmupSteps: z.int().min(0),
  /** Share of the steps over which the learning rate falls linearly to 0 at the end. */
  decayShare: z.number().min(0).max(1),
  beta1: z.number().min(0).max(1),
  beta2: z.number().min(0).max(1),
  epsilon: z.number().positive(),
  normalise: z.enum(["rms", "none"]),
  decoderBiasInit: z.enum(["mean", "geometric_median", "zero"]),
  encoderScale: z.number().positive(),
  /** Tokens; null = 10⁷ or a fifth of the run, whichever is less. */
  deadAfter: z.int().positive().nullable(),
  poolRows: z.int().min(1),
  checkpointEverySteps: z.int().min(1),
  seed: z.int(),
};

export const topKConfigSchema = z.strictObject({
  architecture: z.literal("topk"),
  ...sharedTrainConfig,
  k: z.int().min(1).max(4096),
  auxCoefficient: z.number().min(0),
  auxK: z.int().min(0),
  /** How the k largest are selected: exactly, or by 8-bit products whose bound is likely but no proof. */
  screen: z.enum(["exact", "8bit"]).default("exact"),
});
export type TopKConfig = z.infer<typeof topKConfigSchema>;

/** ReLU with the penalty λ Σ f_i·‖W_dec,i‖ (science.md §2.2). */
export const reluConfigSchema = z.strictObject({
  architecture: z.literal("relu"),
  ...sharedTrainConfig,
  /** λ, for activations with E‖x‖² = d. */
  l1: z.number().min(0).max(1e6),
  /** Share of the steps over which λ rises linearly from 0. */
  l1WarmupShare: z.number().min(0).max(1),
  /** Largest norm of the gradient over all weights; null = any. */
  clipNorm: z.number().positive().nullable(),
  /** Norm of the decoder rows at the start. */
  decoderNorm: z.number().positive(),
});
export type ReluConfig = z.infer<typeof reluConfigSchema>;

export const trainConfigSchema = z.discriminatedUnion("architecture", [topKConfigSchema, reluConfigSchema]);
export type TrainConfig = z.infer<typeof trainConfigSchema>;

/** Training rows whose features were selected exactly beside the 8-bit way, and those of them that got others. */
export const screeningSchema = z.object({ checkedRows: z.int().nonnegative(), differingRows: z.int().nonnegative() });
export type Screening = z.infer<typeof screeningSchema>;

/** Where a dictionary that was trained elsewhere comes from. */
export const importedSchema = z.object({
  format: z.literal("saelens"),
  /** Name of the folder it was read from, and its files as they were. */
  folder: z.string(),
  files: z.array(hashedFileSchema),
  /** As its configuration named them; null when it did not. */
  architecture: z.string(),
  model: z.string().nullable(),
  version: z.string().nullable(),
  /** What it computes. */
  activation: z.enum(["topk", "relu", "jumprelu"]),
  k: z.int().min(1).nullable(),
  /** What was folded into the weights on the way. */
  folded: z.array(z.string()),
});
export type Imported = z.infer<typeof importedSchema>;

export const dictionaryManifestSchema = z.object({
  kind: z.literal("dictionary"),
  formatVersion: z.literal(1),
  software: z.string(),
  model: modelIdentitySchema,
  site: z.string(),
  d: z.int().positive(),
  features: z.int().positive(),
  /** Null when it was trained elsewhere: then `imported` says where, and `store` and `text` are what it was scored on. */
  config: trainConfigSchema.nullable(),
  imported: importedSchema.optional(),
  keep: keepRuleSchema,
  context: z.int().positive(),
  store: z.object({ planHash: z.string(), tokens: z.int(), rows: z.int() }),
  text: storeManifestSchema.shape.text,
  cpuPath: z.string(),
  /** Median residual norm at the site over kept positions: the `norm` unit of edits. */
  medianNorm: z.number(),
  tokensSeen: z.int(),
  seconds: z.number(),
  metrics: metricsSchema,
  dead: z.object({ count: z.int(), windowTokens: z.int() }),
  /** Of a run that was not exact. */
  screening: screeningSchema.optional(),
  /** Same L0, same held-out tokens. */
  baselines: z.object({
    random: metricsSchema.nullable(),
    pca: metricsSchema.nullable(),
    /** Steps of the random baseline's encoder; the same as the dictionary's unless its budget was cut. */
    randomSteps: z.int().nonnegative().optional(),
    pcaComponents: z.int().nonnegative().optional(),
  }),
  files: z.array(hashedFileSchema),
});
export type DictionaryManifest = z.infer<typeof dictionaryManifestSchema>;

export const atlasManifestSchema = z.object({
  kind: z.literal("atlas"),
  formatVersion: z.literal(1),
  software: z.string(),
  dictionary: dictionaryManifestSchema,
  index: z.object({
    tokens: z.int(),
    contexts: z.int(),
    top: z.int(),
    intervals: z.int(),
    perInterval: z.int(),
    /** Neighbours of each kind, and the plan of the store that was read: absent in atlases of the first version. */
    neighbours: z.int().optional(),
    storePlan: z.string().optional(),
    seed: z.int(),
    seconds: z.number(),
    alive: z.int(),
  }),
  files: z.array(hashedFileSchema),
});
export type AtlasManifest = z.infer<typeof atlasManifestSchema>;
