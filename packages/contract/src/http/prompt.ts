import { z } from "zod";
import { messageSchema, promptSchema } from "./generate.ts";

/** POST /api/prompt: a prompt's tokens as the model reads them, so that an edit can be set from one of them on. */
export const promptRequestSchema = z
  .strictObject({
    /** Default: the model that `atlas` was made for, else the built-in. */
    model: z.string().max(1000).optional(),
    atlas: z.string().max(200).optional(),
    prompt: promptSchema,
    /** Room for an answer, as /api/generate keeps it: of a long conversation the oldest messages are left out. */
    maxTokens: z.int().min(1).max(100_000).default(200),
  })
  .meta({ id: "PromptRequest" });
export type PromptRequest = z.input<typeof promptRequestSchema>;

export const promptTokensSchema = z
  .object({
    model: z.string(),
    /** In reading order: the place in this list is the position that edits count in. */
    tokens: z.array(
      z.object({
        id: z.int(),
        text: z.string(),
        /** Markup of the template: no edit changes it. */
        special: z.boolean(),
        /** Whose message's text it belongs to; null for markup and plain text. */
        role: messageSchema.shape.role.nullable(),
      }),
    ),
    /** Messages that were left out. */
    dropped: z.int(),
  })
  .meta({ id: "PromptTokens" });
export type PromptTokens = z.infer<typeof promptTokensSchema>;
