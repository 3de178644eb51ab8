import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError, version, writeJsonAtomic } from "@lexiscope/core";
import { readManifest, trainConfigSchema } from "@lexiscope/contract";
import { z } from "zod";
import { checkRun, type RunIdentity } from "./checkpoint.ts";

const runSchema = z.object({
  kind: z.literal("training"),
  software: z.string(),
  config: trainConfigSchema,
  planHash: z.string(),
  site: z.string(),
});

/** Claims a folder for a run, or finds that it holds the same run already; another run, or other files, are an error. */
export async function claimRun(folder: string, run: RunIdentity): Promise<void> {
  const path = join(folder, "training.json");
  const names = (await readdir(folder)).filter((name) => name !== ".lock" && !name.endsWith(".tmp"));
  if (names.includes("training.json")) return checkRun(path, await readManifest(path, runSchema), run);
  if (names.length > 0)
    throw new LexiscopeError("invalid_input", `${folder} holds other files (${names.slice(0, 3).join(", ")})`, {
      file: folder,
      field: "out",
      hint: "choose a new folder for the dictionary",
    });
  await writeJsonAtomic(path, { kind: "training", software: version, ...run });
}
