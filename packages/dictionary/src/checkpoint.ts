import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError, messageOf, sha256File, writeJsonAtomic } from "@lexiscope/core";
import { readManifest, screeningSchema, trainConfigSchema, type TrainConfig } from "@lexiscope/contract";
import { loadSafetensors, writeSafetensors, type TensorToWrite } from "@lexiscope/formats";
import type { NativeTrainer } from "@lexiscope/native";
import { z } from "zod";
import { configDifference } from "./config.ts";

const checkpointSchema = z.object({
  kind: z.literal("checkpoint"),
  formatVersion: z.literal(1),
  software: z.string(),
  step: z.int().nonnegative(),
  /** Rows of the shuffled stream that were consumed; with the seed all that the reading needs. */
  cursor: z.int().nonnegative(),
  config: trainConfigSchema,
  /** The store's plan and the site that it was trained on. */
  planHash: z.string(),
  site: z.string(),
  cpuPath: z.string(),
  /** Dead features after the step. A checkpoint without it leaves that to the log. */
  dead: z.int().nonnegative().optional(),
  screening: screeningSchema.optional(),
  seconds: z.number().nonnegative(),
  sha256: z.string(),
});

export type CheckpointInfo = Omit<z.infer<typeof checkpointSchema>, "kind" | "formatVersion" | "sha256">;

/** What a run must share with the checkpoint that it goes on from. */
export interface RunIdentity {
  config: TrainConfig;
  planHash: string;
  site: string;
}

const baseName = (step: number): string => `checkpoint-${String(step).padStart(9, "0")}`;
const pattern = /^checkpoint-(\d{9})\.json$/;

/** Saves everything that the next step depends on, then removes all checkpoints but the last two. */
export async function saveCheckpoint(folder: string, trainer: NativeTrainer, info: CheckpointInfo): Promise<void> {
  const name = baseName(info.step);
  const tensors: Record<string, TensorToWrite> = {};
  for (const { name: tensor, type, shape, data } of trainer.state()) tensors[tensor] = { dtype: type, shape, data };
  const path = join(folder, `${name}.safetensors`);
  await writeSafetensors(path, tensors, { step: String(info.step) });
  // The description comes last: a checkpoint without it does not count.
  await writeJsonAtomic(join(folder, `${name}.json`), { kind: "checkpoint", formatVersion: 1, ...info, sha256: await sha256File(path) });
  const old = (await checkpointSteps(folder)).slice(2);
  for (const step of old) await removeCheckpoint(folder, step);
}

/**
 * Loads the newest whole checkpoint into the trainer. A damaged one is passed over for the one before it (`onDamaged`
 * hears of it); when all are damaged that is an error. Undefined: there is none.
 */
export async function loadCheckpoint(
  folder: string,
  trainer: NativeTrainer,
  run: RunIdentity,
  onDamaged: (message: string) => void,
): Promise<CheckpointInfo | undefined> {
  let last: unknown;
  for (const step of await checkpointSteps(folder)) {
    const name = join(folder, baseName(step));
    try {
      const { sha256, ...info } = await readManifest(`${name}.json`, checkpointSchema);
      checkRun(`${name}.json`, info, run);
      const path = `${name}.safetensors`;
      const found = await sha256File(path);
      if (found !== sha256)
        throw new LexiscopeError("bad_file", `${path} is damaged: its SHA-256 is ${found}; ${sha256} was written`, { file: path });
      const { tensors } = await loadSafetensors(path);
      trainer.load([...tensors].map(([tensor, { dtype, shape, data }]) => ({ name: tensor, type: dtype, shape, data })));
      return info;
    } catch (error) {
      if (error instanceof LexiscopeError && error.code === "mismatch") throw error;
      last = error;
      onDamaged(messageOf(error));
    }
  }
  if (last === undefined) return undefined;
  throw new LexiscopeError("bad_file", `no checkpoint in ${folder} can be read: ${messageOf(last)}`, {
    file: folder,
    hint: "delete the folder and train again",
    cause: last,
  });
}

/** Refuses to go on with other settings than the run began with. */
export function checkRun(file: string, found: RunIdentity, run: RunIdentity): void {
  const field =
    configDifference(found.config, run.config) ??
    (found.site !== run.site ? "site" : found.planHash !== run.planHash ? "store" : undefined);
  if (field === undefined) return;
  const show = (identity: RunIdentity): string =>
    JSON.stringify(
      field === "site"
        ? identity.site
        : field === "store"
          ? identity.planHash.slice(0, 12)
          : (identity.config as Record<string, unknown>)[field],
    );
  throw new LexiscopeError("mismatch", `${file} belongs to a run with ${field} ${show(found)}; now it is ${show(run)}`, {
    file,
    field,
    hint: "train with the settings of that run, or choose another name with --dictionary",
  });
}

/** Steps of the checkpoints in a folder, newest first. */
async function checkpointSteps(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/** Removes tensors without a description, which a kill between the two leaves; `all`: every checkpoint. */
export async function removeStray(folder: string, { all = false } = {}): Promise<void> {
  const described = all ? [] : await checkpointSteps(folder);
  for (const name of await readdir(folder)) {
    const step = /^checkpoint-(\d{9})\.(?:json|safetensors)$/.exec(name)?.[1];
    if (step !== undefined && !described.includes(Number(step))) await removeCheckpoint(folder, Number(step));
  }
}

async function removeCheckpoint(folder: string, step: number): Promise<void> {
  // The description goes first: tensors without it are no checkpoint, a description without them would be a damaged one.
  await rm(join(folder, `${baseName(step)}.json`), { force: true });
  await rm(join(folder, `${baseName(step)}.safetensors`), { force: true });
}
