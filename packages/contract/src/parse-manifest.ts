import { LexiscopeError, readJson } from "@lexiscope/core";
import type { z } from "zod";

/** Reads a manifest and checks it; a wrong one is an error that names the field. */
export async function readManifest<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const result = schema.safeParse(await readJson(path));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") || "(root)";
  throw new LexiscopeError("bad_file", `${path}: ${field}: ${issue?.message ?? "not as expected"}`, {
    file: path,
    field,
    hint: "the file is damaged or was written by another version; make the artefact again",
  });
}
