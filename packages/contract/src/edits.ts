import { z } from "zod";

/** Which tokens an edit changes: absolute positions, a span is half-open. */
export const editPositionsSchema = z.union([
  z.enum(["all", "prompt", "generated"]),
  z.strictObject({ from: z.int().min(0), to: z.int().min(1) }).refine(({ from, to }) => from < to, "the span is empty"),
]);

/** A change at a site. clamp: x += (v − a_i)·d̂_i · add: x += v·d̂_i · scale: x += (v − 1)·a_i·d̂_i · ablate: x −= a_i·d̂_i. */
export const editSchema = z.strictObject({
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
});
export type Edit = z.infer<typeof editSchema>;
