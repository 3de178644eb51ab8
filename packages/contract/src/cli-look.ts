import { z } from "zod";
import { editSchema } from "./edits.ts";

/** Results and events of the commands that look and act, as `--json` prints them. Log probabilities are in nats. */

const likelyTokenSchema = z.object({ id: z.int(), text: z.string(), logprob: z.number() });

export const forwardResultSchema = z.object({
  model: z.string(),
  cpuPath: z.string(),
  tokens: z.array(
    z.object({
      id: z.int(),
      text: z.string(),
      position: z.int(),
      top: z.array(likelyTokenSchema),
      /** ‖x‖ by site, with `--norms`. */
      norms: z.record(z.string(), z.number()).optional(),
    }),
  ),
  /** Mean −log p of every token but the first; null for a single token. */
  nll: z.number().nullable(),
});
export type ForwardResult = z.infer<typeof forwardResultSchema>;

const tokenEffectSchema = z.object({ id: z.int(), text: z.string(), value: z.number() });

export const featureResultSchema = z.object({
  atlas: z.string(),
  site: z.string(),
  index: z.int(),
  /** Share of tokens on which it fires, and their number. */
  density: z.number(),
  fired: z.int(),
  maximum: z.number(),
  mean: z.number(),
  topToken: z.string(),
  histogram: z.object({ counts: z.array(z.int()), width: z.number() }),
  /** Tokens that it fires on more than on others; `count`: on how many of them it fired. */
  tokens: z.array(z.object({ id: z.int(), text: z.string(), npmi: z.number(), count: z.int() })),
  /** Output tokens that it makes more and less likely, directly. */
  top: z.array(tokenEffectSchema),
  bottom: z.array(tokenEffectSchema),
  neighbours: z.array(z.object({ index: z.int(), cosine: z.number(), topToken: z.string() })),
  coactive: z.array(z.object({ index: z.int(), npmi: z.number(), count: z.int(), topToken: z.string() })),
  examples: z.array(
    z.object({
      /** −1 = among the strongest, else the interval of activation that it was sampled for (0 = weakest). */
      interval: z.int(),
      peak: z.int(),
      document: z.int(),
      start: z.int(),
      repeat: z.boolean(),
      tokens: z.array(z.object({ id: z.int(), text: z.string(), activation: z.number() })),
    }),
  ),
});
export type FeatureResult = z.infer<typeof featureResultSchema>;

export const searchResultSchema = z.object({
  atlas: z.string(),
  query: z.string(),
  results: z.array(
    z.object({
      index: z.int(),
      /** Larger is better; comparable within one query. */
      score: z.number(),
      /** What the query was found in, strongest evidence first. */
      where: z.array(z.enum(["peak", "near the peak", "top tokens", "output tokens", "examples"])),
      topToken: z.string(),
      density: z.number(),
      maximum: z.number(),
    }),
  ),
});
export type SearchResult = z.infer<typeof searchResultSchema>;

export const inspectResultSchema = z.object({
  model: z.string(),
  cpuPath: z.string(),
  atlas: z.string(),
  site: z.string(),
  tokens: z.array(
    z.object({
      id: z.int(),
      text: z.string(),
      position: z.int(),
      /** Why the token has no features, where the dictionary's rule leaves it out. */
      leftOut: z.enum(["position 0", "special token", "norm above the limit"]).nullable(),
      /** ‖x − x̂‖² / ‖x − x̄‖²; null where the token is left out. */
      error: z.number().nullable(),
      /** Features that fire here. */
      active: z.int(),
      /** The strongest of them; share = activation / the feature's maximum, null when it never fired in the atlas. */
      features: z.array(z.object({ index: z.int(), activation: z.number(), share: z.number().nullable(), topToken: z.string() })),
    }),
  ),
});
export type InspectResult = z.infer<typeof inspectResultSchema>;

/** The lines that `generate` and `chat` print before their result. */
export const generationEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), promptTokens: z.int(), dropped: z.int() }),
  z.object({ type: z.literal("warning"), message: z.string() }),
  z.object({ type: z.literal("token"), variant: z.int(), id: z.int(), text: z.string(), logprob: z.number() }),
  z.object({ type: z.literal("end"), variant: z.int(), reason: z.enum(["stop", "length", "context"]) }),
]);

export const generationResultSchema = z.object({
  model: z.string(),
  cpuPath: z.string(),
  /** Null without edits. */
  atlas: z.string().nullable(),
  promptTokens: z.int(),
  /** Messages of a chat that did not fit the context. */
  dropped: z.int(),
  variants: z.array(
    z.object({
      edits: z.array(editSchema),
      text: z.string(),
      tokens: z.int(),
      reason: z.enum(["stop", "length", "context"]),
    }),
  ),
  warnings: z.array(z.string()),
});
export type GenerationResult = z.infer<typeof generationResultSchema>;
