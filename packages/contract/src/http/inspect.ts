import { z } from "zod";
import { inspectResultSchema } from "../cli-look.ts";

/** POST /api/inspect: what fires on each token of a text. */
export const inspectRequestSchema = z
  .strictObject({
    atlas: z.string().max(200),
    /** Default: the model that the atlas was made for. */
    model: z.string().max(1000).optional(),
    text: z.string().min(1).max(1_000_000),
    /** Strongest features named at each token. */
    top: z.int().min(0).max(100).default(8),
    /** Features whose activation is given at every token, however weak. */
    pinned: z
      .array(
        z
          .int()
          .min(0)
          .max(2 ** 24 - 1),
      )
      .max(64)
      .default([]),
  })
  .meta({ id: "InspectRequest" });
export type InspectRequest = z.input<typeof inspectRequestSchema>;

export const inspectResponseSchema = inspectResultSchema
  .extend({
    /** [tokens] activations of each pinned feature; 0 where it is silent or the token is left out. */
    pinned: z.array(z.object({ index: z.int(), maximum: z.number(), activations: z.array(z.number()) })),
    /** Words for every feature named above. */
    names: z.record(z.string(), z.object({ word: z.string(), name: z.string().nullable() })),
    /** Of the reading itself: opening the model and waiting for others are left out. */
    milliseconds: z.number(),
    warnings: z.array(z.string()),
  })
  .meta({ id: "Inspection" });
export type InspectResponse = z.infer<typeof inspectResponseSchema>;
