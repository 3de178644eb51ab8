import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError, readJson, writeJsonAtomic } from "@lexiscope/core";
import type { KeepRule } from "@lexiscope/contract";
import type { PlannedContext, TextPlan } from "./plan.ts";

/** Everything besides the text that decides the bytes of a store. */
export interface HarvestSettings {
  weightsHash: string;
  tokenizerHash: string;
  sites: string[];
  context: number;
  keep: KeepRule;
  seed: number;
  heldOutShare: number;
  dtype: string;
  cpuPath: string;
  contextsPerShard: number;
}

/** Bytes of rows that a shard is aimed at: what a killed harvest loses at most. */
const shardBytes = 64 * 2 ** 20;

/** Contexts of a shard: a function of the sites' widths only, so that the same harvest has the same shards anywhere. */
export function contextsPerShard(context: number, bytesPerRow: number): number {
  return Math.min(1024, Math.max(8, Math.floor(shardBytes / (context * bytesPerRow))));
}

/** SHA-256 of the settings and of every context: two harvests with the same hash have the same bytes. */
export function planHash(settings: HarvestSettings, plan: TextPlan): string {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  for (const context of plan.contexts) {
    hash.update(Int32Array.of(context.document, context.start, context.heldOut ? 1 : 0, context.tokens.length));
    hash.update(context.tokens);
  }
  return hash.digest("hex");
}

/** The contexts in shards, in order. */
export function shardContexts(
  contexts: readonly PlannedContext[],
  perShard: number,
): { first: number; contexts: readonly PlannedContext[] }[] {
  return Array.from({ length: Math.ceil(contexts.length / perShard) }, (_, i) => ({
    first: i * perShard,
    contexts: contexts.slice(i * perShard, (i + 1) * perShard),
  }));
}

/**
 * Claims `folder` for the plan: writes `plan.json`, or finds that it holds the same plan already. Another plan, or
 * files that are none of ours, are an error that says what differs.
 */
export async function claimFolder(folder: string, hash: string, settings: HarvestSettings): Promise<void> {
  const path = join(folder, "plan.json");
  const found = await readJson(path).catch((error: unknown) => {
    if (error instanceof LexiscopeError && error.code === "not_found") return undefined;
    throw error;
  });
  if (found === undefined) {
    const others = (await readdir(folder)).filter((name) => name !== ".lock" && !name.endsWith(".tmp"));
    if (others.length > 0)
      throw new LexiscopeError("invalid_input", `${folder} holds other files (${others.slice(0, 3).join(", ")})`, {
        file: folder,
        field: "out",
        hint: "choose a new folder for the store",
      });
    await writeJsonAtomic(path, { kind: "harvest-plan", planHash: hash, settings });
    return;
  }
  const { planHash: theirs, settings: old } = found as { planHash?: unknown; settings?: Record<string, unknown> };
  if (theirs === hash) return;
  const field = Object.entries(settings).find(([name, value]) => JSON.stringify(old?.[name]) !== JSON.stringify(value))?.[0];
  const what = field === undefined ? "the text or the number of tokens" : field;
  const values =
    field === undefined ? "" : ` (${JSON.stringify(old?.[field])} there, ${JSON.stringify(settings[field as keyof HarvestSettings])} now)`;
  throw new LexiscopeError("mismatch", `${folder} holds another harvest: ${what} differs${values}`, {
    file: folder,
    field: field ?? "text",
    hint: "choose another folder with --out, or delete this one",
  });
}
