import { z } from "zod";
import { atlasManifestSchema } from "../manifests.ts";
import { problemSchema } from "./problem.ts";

/** GET /api/atlases: one line each. */
export const atlasEntrySchema = z
  .object({
    id: z.string(),
    /** Null when the folder cannot be opened: `error` says why. */
    summary: z
      .object({
        model: z.string(),
        weightsHash: z.string(),
        site: z.string(),
        features: z.int(),
        alive: z.int(),
        /** Null: no fixed number of features is active at a token. */
        k: z.union([z.int(), z.null()]),
        tokens: z.int(),
        fvu: z.number(),
      })
      .nullable(),
    error: z.union([problemSchema.shape.error, z.null()]),
    /** Its files are being checked, which takes seconds when it is large: what asks for it waits. */
    opening: z.boolean(),
  })
  .meta({ id: "AtlasEntry" });
export type AtlasEntry = z.infer<typeof atlasEntrySchema>;
export const atlasesSchema = z.object({ atlases: z.array(atlasEntrySchema) });
export type Atlases = z.infer<typeof atlasesSchema>;

/** GET /api/atlases/{atlas}: the manifest, whole. */
export const atlasDetailSchema = z
  .object({
    id: z.string(),
    path: z.string(),
    manifest: atlasManifestSchema,
    /** Names and lists of people's own. `foreign`: made for another dictionary that had this name, not shown. */
    overlay: z.object({ labels: z.int(), lists: z.int(), foreign: z.int() }),
  })
  .meta({ id: "Atlas" });
export type AtlasDetail = z.infer<typeof atlasDetailSchema>;

/** GET /api/atlases/{atlas}/histogram: how a column is spread over the features that fired. */
export const histogramQuerySchema = z.object({
  column: z.enum(["density", "maximum", "effect"]).default("density"),
  bins: z.coerce.number().int().min(4).max(200).default(60),
});
export const histogramSchema = z
  .object({
    column: z.enum(["density", "maximum", "effect"]),
    /** [bins + 1] edges in the column's own unit; spaced evenly in log10 when `log`. */
    edges: z.array(z.number()),
    counts: z.array(z.int()),
    log: z.boolean(),
    /** Features that never fired: in no bin. */
    dead: z.int(),
  })
  .meta({ id: "Histogram" });
export type Histogram = z.infer<typeof histogramSchema>;
