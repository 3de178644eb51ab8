import { z } from "zod";

/**
 * Which tokens an edit changes: absolute positions; a span is half-open and goes on to the end without `to`. `roles`:
 * the text of a chat's messages of those roles, and with `assistant` also the answer that is being written.
 */
export const editPositionsSchema = z.union([
  z.enum(["all", "prompt", "generated"]),
  z
    .strictObject({ from: z.int().min(0), to: z.int().min(1).optional() })
    .refine(({ from, to }) => to === undefined || from < to, "the span is empty")
    .meta({ id: "Span" }),
  z
    .strictObject({
      roles: z
        .array(z.enum(["system", "user", "assistant"]))
        .min(1)
        .max(64),
    })
    .meta({ id: "Roles" }),
]);
export type EditPositions = z.infer<typeof editPositionsSchema>;

/** A change at a site. clamp: x += (v − a_i)·d̂_i · add: x += v·d̂_i · scale: x += (v − 1)·a_i·d̂_i · ablate: x −= a_i·d̂_i. */
export const editSchema = z
  .strictObject({
    op: z.enum(["clamp", "add", "scale", "ablate"]),
    feature: z
      .int()
      .min(0)
      .max(2 ** 32 - 1),
    /** clamp, add: in `unit`; scale: a plain factor; ablate: ignored. */
    value: z.number(),
    /** max: × the atlas maximum of a_i; activation: units of a_i; norm: × median residual norm at the site. */
    unit: z.enum(["max", "activation", "norm"]),
    positions: editPositionsSchema,
  })
  .meta({ id: "Edit" });
export type Edit = z.infer<typeof editSchema>;

/** Widest residual stream that a vector is taken for; stops a body that is one endless list. */
const maxWidth = 65_536;

/** A change at a site along a vector of one's own. add: x += v·vector, or v·(median norm)·vector/‖vector‖ in `norm`. */
export const vectorEditSchema = z.strictObject({
  /** project_out (x −= (x·v̂)v̂) is part of the protocol; where it is not offered it is refused by name. */
  op: z.enum(["add", "project_out"]),
  site: z.string().max(200),
  /** [d] numbers, or base64 of d little-endian f32. */
  vector: z.union([z.array(z.number()).min(1).max(maxWidth), z.base64().max(Math.ceil((4 * maxWidth) / 3) + 4)]),
  value: z.number(),
  /** vector: × the vector as given; norm: × its direction × median residual norm at the site. */
  unit: z.enum(["vector", "norm"]),
  positions: editPositionsSchema,
});
export type VectorEdit = z.infer<typeof vectorEditSchema>;
