import { z } from "zod";
import { architectureSchema } from "./architecture.ts";
import { inspectResultSchema } from "./cli-look.ts";
import { dictionaryManifestSchema, metricsSchema, modelIdentitySchema } from "./manifests.ts";

/**
 * What `--json` prints: one object a line. Progress, notes and streams carry a `type`; the last line is the command's
 * result, which has none, or an error.
 */
export const cliProgressSchema = z.object({
  type: z.literal("progress"),
  phase: z.string(),
  done: z.number(),
  /** 0 = not known. */
  total: z.number(),
  unit: z.string(),
  /** Units per second. */
  rate: z.number(),
  metrics: z.record(z.string(), z.number().nullable()).optional(),
  message: z.string().optional(),
  /** When the line was written, ms since 1970. */
  at: z.number().optional(),
});
export type CliProgress = z.infer<typeof cliProgressSchema>;

export const cliNoteSchema = z.object({ type: z.literal("note"), message: z.string(), at: z.number().optional() });

export const cliErrorSchema = z.object({
  type: z.literal("error"),
  code: z.string(),
  message: z.string(),
  file: z.string().optional(),
  field: z.string().optional(),
  hint: z.string().optional(),
});
export type CliError = z.infer<typeof cliErrorSchema>;

export const modelResultSchema = z.object({
  name: z.string(),
  identity: modelIdentitySchema,
  architecture: architectureSchema,
  parameters: z.int(),
  /** Memory that the open weights take. */
  bytes: z.number(),
  dtype: z.string(),
  cpuPath: z.string(),
  tokenizer: z.object({ size: z.int(), hash: z.string(), bos: z.string().nullable(), eos: z.string().nullable() }),
  chatTemplate: z.boolean(),
  stopTokens: z.array(z.int()),
});
export type ModelResult = z.infer<typeof modelResultSchema>;

export const harvestResultSchema = z.object({
  path: z.string(),
  sites: z.array(z.string()),
  tokens: z.int(),
  rows: z.int(),
  heldOutRows: z.int(),
  contexts: z.int(),
  shards: z.int(),
  bytes: z.int(),
  seconds: z.number(),
});
export type HarvestResult = z.infer<typeof harvestResultSchema>;

export const trainResultSchema = z.object({
  path: z.string(),
  site: z.string(),
  features: z.int(),
  /** Features that may be active at a token; null where there is no fixed number, but a penalty (`l1`, its λ). */
  k: z.int().nullable(),
  l1: z.number().optional(),
  steps: z.int(),
  tokensSeen: z.int(),
  seconds: z.number(),
  metrics: metricsSchema,
  dead: dictionaryManifestSchema.shape.dead,
  screening: dictionaryManifestSchema.shape.screening,
  baselines: dictionaryManifestSchema.shape.baselines,
});
export type TrainResult = z.infer<typeof trainResultSchema>;

export const importDictionaryResultSchema = z.object({
  path: z.string(),
  site: z.string(),
  features: z.int(),
  metrics: metricsSchema,
  /** Features that fired on none of the held-out tokens. */
  dead: dictionaryManifestSchema.shape.dead,
});
export type ImportDictionaryResult = z.infer<typeof importDictionaryResultSchema>;

export const indexResultSchema = z.object({
  path: z.string(),
  features: z.int(),
  alive: z.int(),
  tokens: z.int(),
  bytes: z.int(),
  seconds: z.number(),
});
export type IndexResult = z.infer<typeof indexResultSchema>;

export const shelfItemSchema = z.object({
  kind: z.enum(["model", "text", "store", "dictionary", "atlas"]),
  name: z.string(),
  path: z.string(),
  bytes: z.int(),
  /** What is inside, in a few words; for a broken item what is wrong. */
  summary: z.string(),
  complete: z.boolean(),
});
export type ShelfItem = z.infer<typeof shelfItemSchema>;

export const listResultSchema = z.object({ home: z.string(), bytes: z.int(), freeBytes: z.number(), items: z.array(shelfItemSchema) });
export type ListResult = z.infer<typeof listResultSchema>;

export const removeResultSchema = z.object({ removed: z.array(shelfItemSchema), bytes: z.int() });
export type RemoveResult = z.infer<typeof removeResultSchema>;

export const doctorResultSchema = z.object({
  software: z.string(),
  node: z.string(),
  platform: z.string(),
  cpu: z.object({ model: z.string(), path: z.string(), available: z.array(z.string()), threads: z.int() }).nullable(),
  /** Reached by a register-only probe, all threads; GFLOP/s and GB/s. */
  probe: z.object({ fastGflops: z.number(), exactGflops: z.number(), bandwidthGBs: z.number() }).nullable(),
  memory: z.object({ totalBytes: z.number(), freeBytes: z.number() }),
  disk: z.object({ home: z.string(), freeBytes: z.number(), usedBytes: z.number() }),
  tools: z.array(
    z.object({
      name: z.string(),
      found: z.string().nullable(),
      neededFor: z.string(),
      /** Without it Lexiscope's main chain stops. */
      required: z.boolean(),
      howToGet: z.string(),
    }),
  ),
  ok: z.boolean(),
});
export type DoctorResult = z.infer<typeof doctorResultSchema>;

export const benchRowSchema = z.object({
  name: z.string(),
  value: z.number(),
  unit: z.string(),
  /** The most that this machine could give, in the same unit; null where no limit is known. */
  limit: z.number().nullable(),
  shareOfLimit: z.number().nullable(),
  peer: z.object({ name: z.string(), value: z.number() }).optional(),
  /** value / peer.value */
  ratio: z.number().optional(),
});
export type BenchRow = z.infer<typeof benchRowSchema>;

export const benchResultSchema = z.object({ machine: z.string(), cpuPath: z.string(), rows: z.array(benchRowSchema) });
export type BenchResult = z.infer<typeof benchResultSchema>;

export const startResultSchema = z.object({
  model: modelIdentitySchema,
  machine: z.string(),
  cpuPath: z.string(),
  store: z.string(),
  dictionary: z.string(),
  atlas: z.string(),
  numbers: trainResultSchema,
  /** Chosen by the rule that is printed beside them. */
  features: z.array(z.object({ index: z.int(), word: z.string(), density: z.number(), maximum: z.number(), consistency: z.number() })),
  inspected: inspectResultSchema,
  /** Null when no feature passed the rule. present…: mean of (x − x̄)·d̂ over an answer's tokens when it is read again without the edit, in multiples of the feature's maximum. */
  steered: z
    .object({
      feature: z.int(),
      word: z.string(),
      edit: z.string(),
      prompt: z.string(),
      plain: z.string(),
      edited: z.string(),
      presentPlain: z.number(),
      presentEdited: z.number(),
    })
    .nullable(),
  /** Seconds and peak memory of each phase; a phase that had nothing to do has 0 seconds. */
  phases: z.array(z.object({ name: z.string(), seconds: z.number(), peakBytes: z.number().nullable() })),
});
export type StartResult = z.infer<typeof startResultSchema>;
