import { z } from "zod";
import { editPositionsSchema, editSchema, vectorEditSchema } from "../edits.ts";

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

/** A direction of one's own in place of a feature. */
const steeringVectorEditSchema = vectorEditSchema.extend({
  value: z.number().default(1),
  unit: vectorEditSchema.shape.unit.default("vector"),
  positions: editPositionsSchema.default("all"),
});

export const steeringSchema = z
  .strictObject({
    atlas: z.string().max(200).optional(),
    edits: z
      .array(z.union([steeringEditSchema, steeringVectorEditSchema]))
      .max(64)
      .default([]),
    /** Also the unedited answer, from the same batch. */
    baseline: z.boolean().default(false),
    /** Strongest features named at each generated token. */
    features: z.int().min(0).max(50).default(0),
  })
  .meta({ id: "Steering" });
export type Steering = z.infer<typeof steeringSchema>;

/** Characters of a text, as the other addresses take them, and of a string that ends an answer. */
const maxText = 1_000_000;
const maxStop = 1000;
const maxParts = 64;
const maxBiases = 1000;

/** Counted before any key is looked at: each wrong one would leave an issue of its own. */
const logitBiasSchema = z.preprocess(
  (value, { issues }) => {
    if (typeof value !== "object" || value === null || Object.keys(value).length <= maxBiases) return value;
    issues.push({ code: "custom", input: undefined, message: `Too big: expected at most ${maxBiases} tokens` });
    return z.NEVER;
  },
  z.record(z.string().regex(/^\d{1,8}$/), z.number().min(-100).max(100)),
);

const textSchema = z.string().max(maxText);
const textPartSchema = z.object({ type: z.literal("text"), text: textSchema });
const common = {
  model: z.string().min(1).max(1000),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().max(maxStop), z.array(z.string().max(maxStop)).max(4)]).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: logitBiasSchema.nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(8).nullish(),
  user: z.string().max(1000).nullish(),
  steering: steeringSchema.nullish(),
};

export const chatCompletionRequestSchema = z
  .looseObject({
    ...common,
    messages: z
      .array(
        z.looseObject({
          role: z.enum(["developer", "system", "user", "assistant"]),
          content: z.union([textSchema, z.array(textPartSchema).max(maxParts)]),
          name: z.string().max(1000).optional(),
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
    prompt: z.union([textSchema.min(1), z.array(textSchema.min(1)).length(1)]),
    logprobs: z.int().min(0).max(5).nullish(),
    echo: z.boolean().nullish(),
  })
  .meta({ id: "CompletionRequest" });
export type CompletionRequest = z.infer<typeof completionRequestSchema>;

const tokenLogprobSchema = z.object({ token: z.string(), logprob: z.number(), bytes: z.array(z.int()) });
const chatLogprobsSchema = z
  .object({ content: z.array(tokenLogprobSchema.extend({ top_logprobs: z.array(tokenLogprobSchema) })), refusal: z.null() })
  .nullable();
const finishReasonSchema = z.enum(["stop", "length"]);
const usageSchema = z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });

/** What was applied; `warnings` also say what an edit met on the way. */
const steeringAnswerSchema = z.object({
  applied: z.array(z.unknown()),
  atlas: z.string().nullable(),
  /** SHA-256 of the weights, where there is an atlas to compare them with. */
  model_hash: z.string().nullable(),
  warnings: z.array(z.string()),
});
const answerFeaturesSchema = z.array(
  z.object({
    id: z.int(),
    text: z.string(),
    features: z.array(
      z.object({ index: z.int(), activation: z.number(), share: z.number().nullable(), word: z.string(), name: z.string().nullable() }),
    ),
  }),
);
const choiceSteering = <T extends z.ZodType>(baseline: T) =>
  z.object({ baseline: baseline.optional(), features: answerFeaturesSchema.optional() }).optional();
const answer = { id: z.string(), created: z.int(), model: z.string(), system_fingerprint: z.string() };

const chatChoiceSchema = z.object({
  message: z.object({ role: z.literal("assistant"), content: z.string(), refusal: z.null() }),
  logprobs: chatLogprobsSchema,
  finish_reason: finishReasonSchema,
});
export const chatCompletionSchema = z
  .object({
    ...answer,
    object: z.literal("chat.completion"),
    choices: z.array(chatChoiceSchema.extend({ index: z.int(), steering: choiceSteering(chatChoiceSchema) })),
    usage: usageSchema,
    steering: steeringAnswerSchema.optional(),
  })
  .meta({ id: "ChatCompletion" });

const chatDeltaSchema = z.object({
  delta: z.object({ role: z.literal("assistant").optional(), content: z.string().optional(), refusal: z.null().optional() }),
  logprobs: chatLogprobsSchema,
  finish_reason: finishReasonSchema.nullable(),
});
export const chatCompletionChunkSchema = z
  .object({
    ...answer,
    object: z.literal("chat.completion.chunk"),
    choices: z.array(chatDeltaSchema.extend({ index: z.int(), steering: choiceSteering(chatDeltaSchema) })),
    /** With `stream_options.include_usage`: null, and the numbers in the last one. */
    usage: usageSchema.nullish(),
    /** In the first chunk, and in later ones what is new. */
    steering: steeringAnswerSchema.partial().optional(),
  })
  .meta({ id: "ChatCompletionChunk" });

const completionChoiceSchema = z.object({
  text: z.string(),
  logprobs: z
    .object({
      tokens: z.array(z.string()),
      token_logprobs: z.array(z.number()),
      top_logprobs: z.array(z.record(z.string(), z.number())),
      text_offset: z.array(z.int()),
    })
    .nullable(),
  finish_reason: finishReasonSchema.nullable(),
});
/** Also each piece of a stream. */
export const completionSchema = z
  .object({
    ...answer,
    object: z.literal("text_completion"),
    choices: z.array(completionChoiceSchema.extend({ index: z.int(), steering: choiceSteering(completionChoiceSchema) })),
    usage: usageSchema.nullish(),
    steering: steeringAnswerSchema.partial().optional(),
  })
  .meta({ id: "Completion" });

/** GET /v1/models/{model} */
export const openaiModelSchema = z
  .object({ id: z.string(), object: z.literal("model"), /** Seconds since 1970. */ created: z.int(), owned_by: z.string() })
  .meta({ id: "OpenAIModel" });
/** GET /v1/models */
export const openaiModelsSchema = z.object({ object: z.literal("list"), data: z.array(openaiModelSchema) }).meta({ id: "OpenAIModels" });

/** Errors under /v1. */
export const openaiErrorSchema = z
  .object({ error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string().nullable() }) })
  .meta({ id: "OpenAIError" });
