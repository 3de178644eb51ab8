import { z } from "zod";

/** What went wrong, as every route under /api says it. Statuses: 400 invalid_input, mismatch, unsupported · 401, 403 · 404 not_found · 409 busy · 413 too large · 500 internal, bad_file · 503 environment. */
export const problemSchema = z
  .object({
    error: z
      .object({
        code: z.string(),
        message: z.string(),
        /** Field of the request, or of the file, at fault. */
        field: z.string().optional(),
        file: z.string().optional(),
        /** What to do next, one sentence. */
        hint: z.string().optional(),
      })
      .meta({ id: "ProblemDetail" }),
  })
  .meta({ id: "Problem", description: "What went wrong, and what to do about it" });
export type Problem = z.infer<typeof problemSchema>;

/** The name of a thing on a shelf, as it stands in a URL: never a path. */
export const shelfNameSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^./\\\u0000-\u001f\u007f][^/\\\u0000-\u001f\u007f]*$/, "a name has no slash, no control character and no dot in front")
  .meta({ id: "ShelfName", example: "first" });

/** A number in a URL, 0 to `most`: digits alone, since `Number` also reads " ", "1e3" and "0x10". */
export function urlIndex(most: number): z.ZodPreprocess<z.ZodInt> {
  const digits = /^\d{1,8}$/;
  return z.preprocess(
    (text) => (typeof text === "string" && digits.test(text) ? Number(text) : text),
    z.int("digits only").min(0).max(most),
  );
}

/** A feature's number in a URL. */
export const featureIndexSchema = urlIndex(2 ** 24 - 1).meta({ id: "FeatureIndex", example: 1234 });
