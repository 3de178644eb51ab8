import { z } from "zod";
import { featureResultSchema } from "../cli-look.ts";
import { labelSchema } from "../overlay.ts";

/** A feature as lists show it. */
export const featureRowSchema = z
  .object({
    index: z.int(),
    /** Share of tokens on which it fires, and their number. */
    density: z.number(),
    fired: z.int(),
    maximum: z.number(),
    mean: z.number(),
    /** Largest direct logit effect of its unit direction. */
    effect: z.number(),
    /** Token at its strongest peak; the word that most often stands at its peaks; the output token that it raises most. */
    topToken: z.string(),
    word: z.string(),
    topOutput: z.string(),
    /** A person's own name for it. */
    name: z.string().nullable(),
  })
  .meta({ id: "FeatureRow" });
export type FeatureRow = z.infer<typeof featureRowSchema>;

/** An empty one is no zero. */
const bound = z
  .preprocess((value) => (typeof value === "string" && value.trim() === "" ? Number.NaN : value), z.coerce.number())
  .optional();

/** GET /api/atlases/{atlas}/features */
export const featureListQuerySchema = z.object({
  /** Words to search for in names, peaks, examples and output tokens. */
  q: z.string().max(1000).optional(),
  /** relevance: with `q` only (its default); else the default is readability: features of one rare word first. */
  sort: z.enum(["relevance", "readability", "density", "maximum", "effect", "fired", "index"]).optional(),
  order: z.enum(["ascending", "descending"]).default("descending"),
  offset: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 24)
    .default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  densityMin: bound,
  densityMax: bound,
  maximumMin: bound,
  maximumMax: bound,
  effectMin: bound,
  effectMax: bound,
  /** `true`: those that fired, `false`: dead ones, absent: all. */
  alive: z.enum(["true", "false"]).optional(),
  /** Members of this list alone; `named` = those with a name. */
  list: z.string().max(100).optional(),
  named: z.enum(["true"]).optional(),
});
export type FeatureListQuery = z.input<typeof featureListQuerySchema>;

export const featureListSchema = z
  .object({
    atlas: z.string(),
    total: z.int(),
    /** The search had more hits than are looked at; `total` counts those that are. */
    truncated: z.boolean(),
    offset: z.int(),
    items: z.array(featureRowSchema),
  })
  .meta({ id: "FeatureList" });
export type FeatureList = z.infer<typeof featureListSchema>;

/** A stretch of tokens with a feature's activation at each. */
export const exampleSchema = z
  .object({
    /** Its number among the feature's examples. */
    n: z.int(),
    /** −1 = among the strongest, else the interval of activation that it was sampled for (0 = weakest). */
    interval: z.int(),
    /** Index into `tokens` of the token that it was chosen for. */
    peak: z.int(),
    document: z.int(),
    /** Position in the document of the context's first token; position in the context of the first token shown; tokens of the context. */
    start: z.int(),
    from: z.int(),
    length: z.int(),
    /** The same tokens around the peak stood in an earlier example. */
    repeat: z.boolean(),
    tokens: z.array(z.string()),
    activations: z.array(z.number()),
  })
  .meta({ id: "Example" });
export type Example = z.infer<typeof exampleSchema>;

const named = { name: z.string().nullable() };

/** GET /api/atlases/{atlas}/features/{feature}: everything but the whole contexts of its examples. */
export const featureDetailSchema = featureResultSchema
  .omit({ examples: true, neighbours: true, coactive: true })
  .extend({
    /** What to cite: `atlas/index`. */
    id: z.string(),
    effect: z.number(),
    word: z.string(),
    label: z.union([labelSchema, z.null()]),
    /** Lists that hold it. */
    lists: z.array(z.object({ id: z.string(), name: z.string() })),
    neighbours: z.array(featureResultSchema.shape.neighbours.element.extend(named)),
    coactive: z.array(featureResultSchema.shape.coactive.element.extend(named)),
    /** Equal-width intervals between 0 and the maximum that examples were sampled for. */
    intervals: z.int(),
    /** Median residual norm at the site: the `norm` unit of edits. */
    medianNorm: z.number(),
    examples: z.array(exampleSchema),
  })
  .meta({ id: "Feature" });
export type FeatureDetail = z.infer<typeof featureDetailSchema>;

/** Tokens shown around a peak. */
export const featureQuerySchema = z.object({
  before: z.coerce.number().int().min(0).max(1000).default(24),
  after: z.coerce.number().int().min(0).max(1000).default(16),
});

/** GET /api/search: over every atlas, or one. */
export const searchQuerySchema = z.object({
  q: z.string().min(1).max(1000),
  atlas: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export const searchResponseSchema = z
  .object({
    query: z.string(),
    results: z.array(featureRowSchema.extend({ atlas: z.string(), score: z.number(), where: z.array(z.string()) })),
  })
  .meta({ id: "SearchResults" });
export type SearchResponse = z.infer<typeof searchResponseSchema>;
