import { z } from "zod";
import { featureListSchema } from "./features.ts";
import { labelSchema, listSchema } from "../overlay.ts";

/** PUT /api/atlases/{atlas}/features/{feature}/label; both empty = no label. */
export const labelInputSchema = labelSchema.pick({ name: true, note: true });
export type LabelInput = z.infer<typeof labelInputSchema>;

/** GET /api/atlases/{atlas}/labels */
export const labelsSchema = z.object({ labels: z.array(labelSchema) }).meta({ id: "Labels" });
export type Labels = z.infer<typeof labelsSchema>;

/** GET /api/atlases/{atlas}/lists */
export const listsSchema = z.object({ lists: z.array(listSchema) }).meta({ id: "Lists" });
export type Lists = z.infer<typeof listsSchema>;

/** POST /api/atlases/{atlas}/lists · PATCH …/lists/{list}: `features` replaces the members, in order. */
export const listInputSchema = z
  .strictObject({
    name: listSchema.shape.name,
    note: listSchema.shape.note,
    features: listSchema.shape.features,
  })
  .partial()
  .meta({ id: "ListInput" });
export type ListInput = z.infer<typeof listInputSchema>;

/** POST /api/atlases/{atlas}/lists/{list}/members */
export const membersInputSchema = z.strictObject({
  add: listSchema.shape.features.optional(),
  remove: listSchema.shape.features.optional(),
});
export type MembersInput = z.infer<typeof membersInputSchema>;

/** POST /api/atlases/{atlas}/overlay?mode=merge|replace&force=true */
export const importQuerySchema = z.object({ mode: z.enum(["merge", "replace"]).default("merge"), force: z.enum(["true"]).optional() });
export const importResultSchema = z.object({ labels: z.int(), lists: z.int(), skipped: z.int() }).meta({ id: "ImportResult" });
export type ImportResult = z.infer<typeof importResultSchema>;

/** GET /api/atlases/{atlas}/lists/{list}: the list with its features as rows. */
export const listDetailSchema = listSchema.extend({ rows: featureListSchema.shape.items }).meta({ id: "ListDetail" });
export type ListDetail = z.infer<typeof listDetailSchema>;
