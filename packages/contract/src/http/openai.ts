import { z } from "zod";
import { editPositionsSchema, editSchema } from "../edits.ts";

/** OpenAI's protocol with one extension field, `steering` (formats: docs/guide/api.md). Unknown fields pass; those that would change the answer and are not supported are refused by name in the route. */

const steeringEditSchema = z.strictObject({
  /** Atlas; default: the request's `steering.atlas`, else the server's first for this model. */
  dictionary: z.string().max(200).optional(),
  feature: editSchema.shape.feature,
  op: editSchema.shape.op,
  value: z.number().default(0),
  unit: editSchema.shape.unit.default("max"),
  positions: editPositionsSchema.default("all"),
});

export const steeringSchema = z
  .strictObject({
    atlas: z.string().max(200).optional(),
    edits: z.array(steeringEditSchema).max(64).default([]),
    /** Also the unedited answer, from the same batch. */
    baseline: z.boolean().default(false),
    /** Strongest features named at each generated token. */
    features: z.int().min(0).max(50).default(0),
  })
  .meta({ id: "Steering" });
export type Steering = z.infer<typeof steeringSchema>;

const textPartSchema = z.object({ type: z.literal("text"), text: z.string() });
const common = {
  model: z.string().min(1).max(1000),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100)).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(8).nullish(),
  user: z.string().nullish(),
  steering: steeringSchema.nullish(),
};

export const chatCompletionRequestSchema = z
  .looseObject({
    ...common,
    messages: z
      .array(
        z.looseObject({
          role: z.enum(["developer", "system", "user", "assistant"]),
          content: z.union([z.string(), z.array(textPartSchema)]),
          name: z.string().optional(),
        }),
      )
      .min(1)
      .max(1000),
    max_completion_tokens: z.int().min(1).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.int().min(0).max(20).nullish(),
  })
  .meta({ id: "ChatCompletionRequest" });
export type ChatCompletionRequest = z.infer<typeof chatCompletionRequestSchema>;

export const completionRequestSchema = z
  .looseObject({
    ...common,
    prompt: z.union([z.string().min(1), z.array(z.string().min(1)).length(1)]),
    logprobs: z.int().min(0).max(5).nullish(),
    echo: z.boolean().nullish(),
  })
  .meta({ id: "CompletionRequest" });
export type CompletionRequest = z.infer<typeof completionRequestSchema>;

/** Errors under /v1. */
export const openaiErrorSchema = z
  .object({ error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string().nullable() }) })
  .meta({ id: "OpenAIError" });
