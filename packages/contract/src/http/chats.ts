import { z } from "zod";
import { editSchema } from "../edits.ts";
import { featureChangeSchema } from "./generate.ts";

/** One turn of a conversation whose plain and edited sides each go on from their own answers. */
const turnSchema = z.strictObject({
  user: z.string().max(1_000_000),
  /** Null while an answer is missing (stopped, failed, or that side is switched off). */
  plain: z.string().max(1_000_000).nullable(),
  edited: z.string().max(1_000_000).nullable(),
  /** The edits in force when it was answered. */
  edits: z.array(editSchema).max(64),
  /** Features that rose and fell between the two answers, named as they were then. */
  changes: z
    .strictObject({ risen: z.array(featureChangeSchema).max(50), fallen: z.array(featureChangeSchema).max(50) })
    .optional()
    .meta({ id: "TurnChanges" }),
  /** How fast it was written. */
  figures: z.strictObject({ firstTokenMs: z.number(), tokensPerSecond: z.number(), tokens: z.int() }).optional(),
});

/** A conversation as it is kept. */
export const chatSchema = z
  .object({
    id: z.string(),
    title: z.string().min(1).max(200),
    created: z.string(),
    updated: z.string(),
    model: z.string().max(1000).nullable(),
    atlas: z.string().max(200).nullable(),
    system: z.string().max(100_000),
    turns: z.array(turnSchema).max(10_000),
    edits: z.array(editSchema).max(64),
    /** Which of `edits`, by their place, are kept but switched off. */
    muted: z.array(z.int().min(0).max(63)).max(64).optional(),
    sampling: z.strictObject({
      temperature: z.number().min(0).max(2),
      topP: z.number().min(0).max(1),
      repetitionPenalty: z.number().min(0.1).max(10),
      maxTokens: z.int().min(1).max(100_000),
      seed: z.int(),
    }),
    /** Which sides are answered. */
    sides: z.enum(["both", "plain", "edited"]),
  })
  .meta({ id: "Chat" });
export type Chat = z.infer<typeof chatSchema>;
export type ChatTurn = z.infer<typeof turnSchema>;

/** POST /api/chats · PATCH /api/chats/{chat} (any part). */
export const chatInputSchema = chatSchema.omit({ id: true, created: true, updated: true }).partial().strict().meta({ id: "ChatInput" });
export type ChatInput = z.infer<typeof chatInputSchema>;

/** GET /api/chats: the latest first. */
export const chatsSchema = z.object({
  chats: z.array(chatSchema.pick({ id: true, title: true, created: true, updated: true }).extend({ turns: z.int() })),
});
export type Chats = z.infer<typeof chatsSchema>;
