import { z } from "zod";
import { editSchema } from "../edits.ts";
import { problemSchema } from "./problem.ts";

export const messageSchema = z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string().max(1_000_000) });
export type Message = z.infer<typeof messageSchema>;

export const promptSchema = z.union([
  z.string().min(1).max(1_000_000),
  z.strictObject({ messages: z.array(messageSchema).min(1).max(1000) }),
]);

/** POST /api/generate: answers to one prompt under several edits, all in one batch; the response is a stream of server-sent events. */
export const generateRequestSchema = z
  .strictObject({
    model: z.string().max(1000).optional(),
    /** Needed when there are edits, and for `changes`. */
    atlas: z.string().max(200).optional(),
    prompt: promptSchema,
    /** E.g. `[{edits: []}, {edits: […]}]`: plain beside edited. A variant may have a prompt of its own (its side of the conversation). */
    variants: z
      .array(z.strictObject({ edits: z.array(editSchema).max(64), prompt: promptSchema.optional(), seed: z.int().optional() }))
      .min(1)
      .max(8),
    temperature: z.number().min(0).max(2).default(0),
    topP: z.number().min(0).max(1).default(1),
    repetitionPenalty: z.number().min(0.1).max(10).default(1),
    maxTokens: z.int().min(1).max(100_000).default(200),
    stop: z.array(z.string().min(1).max(1000)).max(4).default([]),
    seed: z.int().default(0),
    /** Afterwards also the features that rose and fell between the first variant and each other one. */
    changes: z.int().min(0).max(50).default(0),
  })
  .meta({ id: "GenerateRequest" });
export type GenerateRequest = z.input<typeof generateRequestSchema>;

export const featureChangeSchema = z
  .object({
    index: z.int(),
    word: z.string(),
    name: z.string().nullable(),
    /** Mean activation over the answer's tokens when both answers are read again without edits; `change` = (edited − plain) / the feature's maximum. */
    plain: z.number(),
    edited: z.number(),
    change: z.number(),
  })
  .meta({ id: "FeatureChange" });

/** `data:` lines of the stream, in this order: queued*, start, (warning | token | end)*, changes*, done; or error at any place, as the last. */
export const generateEventSchema = z
  .discriminatedUnion("type", [
    /** Requests before this one; 0 = it is at work. */
    z.object({ type: z.literal("queued"), position: z.int() }),
    z.object({ type: z.literal("start"), promptTokens: z.int(), dropped: z.int() }),
    z.object({ type: z.literal("warning"), message: z.string() }),
    z.object({ type: z.literal("token"), variant: z.int(), id: z.int(), text: z.string(), logprob: z.number() }),
    z.object({ type: z.literal("end"), variant: z.int(), reason: z.enum(["stop", "length", "context"]) }),
    z.object({ type: z.literal("changes"), variant: z.int(), risen: z.array(featureChangeSchema), fallen: z.array(featureChangeSchema) }),
    /** Milliseconds to the first token, and tokens per second of one variant after it. */
    z.object({ type: z.literal("done"), firstTokenMs: z.number(), tokensPerSecond: z.number(), tokens: z.int() }),
    z.object({ type: z.literal("error"), error: problemSchema.shape.error }),
  ])
  .meta({ id: "GenerateEvent" });
export type GenerateEvent = z.infer<typeof generateEventSchema>;
export type FeatureChange = z.infer<typeof featureChangeSchema>;
