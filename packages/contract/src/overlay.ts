import { z } from "zod";

/** People's own names, notes and lists: an overlay beside an atlas, so that naming a feature breaks no hash. */

const feature = z
  .int()
  .min(0)
  .max(2 ** 24 - 1);
/** Text of people: no control characters but line break and tab in notes. */
const nameText = z
  .string()
  .max(200)
  .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, "no control characters");
const noteText = z
  .string()
  .max(10_000)
  .regex(/^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$/, "no control characters but line breaks and tabs");

export const labelSchema = z
  .strictObject({ feature, name: nameText, note: noteText, /** ISO 8601 */ updated: z.string().max(40) })
  .meta({ id: "Label" });
export type Label = z.infer<typeof labelSchema>;

export const listSchema = z
  .strictObject({
    id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    name: nameText.min(1),
    note: noteText,
    /** In the order that the person gave them. */
    features: z.array(feature).max(100_000),
    updated: z.string().max(40),
  })
  .meta({ id: "List" });
export type FeatureCollection = z.infer<typeof listSchema>;

export const overlayExportSchema = z
  .strictObject({
    kind: z.literal("lexiscope-labels"),
    formatVersion: z.literal(1),
    /** SHA-256 of the dictionary's weights file: what the numbers below mean. */
    dictionary: z.string().regex(/^[0-9a-f]{64}$/),
    atlas: z.string().max(200),
    labels: z.array(labelSchema).max(1_000_000),
    lists: z.array(listSchema).max(1000),
  })
  .meta({ id: "Overlay" });
export type OverlayExport = z.infer<typeof overlayExportSchema>;
