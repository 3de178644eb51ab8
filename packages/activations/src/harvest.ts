import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  formatBytes,
  freeBytes,
  isLexiscopeError,
  LexiscopeError,
  lockFolder,
  parseSite,
  RateMeter,
  requireDisk,
  resolveRef,
  sha256File,
  version,
  writeJsonAtomic,
  type ProgressEvent,
  type Work,
  type WorkOptions,
} from "@lexiscope/core";
import type { KeepRule, StoreManifest } from "@lexiscope/contract";
import type { Model } from "@lexiscope/model";
import { siteStatistics } from "./harvest-finish.ts";
import { claimFolder, contextsPerShard, planHash, shardContexts, type HarvestSettings } from "./harvest-plan.ts";
import { computeShard } from "./harvest-shard.ts";
import { defaultKeepRule, keepMask } from "./keep.ts";
import { planText, type TextPlan } from "./plan.ts";
import { bf16Width } from "./row-sums.ts";
import { readShardHeader, shardFile, writeShard, type ShardHeader } from "./shard.ts";
import { openStore } from "./store.ts";
import type { ActivationStore, TextSource } from "./types.ts";

export interface HarvestOptions extends WorkOptions {
  model: Model;
  sources: readonly TextSource[];
  /** Names like `blocks.15.hook_resid_post`; all of them are captured in one pass. */
  sites: readonly string[];
  /** A folder, or a name on the shelf of stores. */
  out: string;
  /** Token budget. */
  tokens: number;
  context?: number | undefined;
  seed?: number | undefined;
  heldOutShare?: number | undefined;
  keep?: KeepRule | undefined;
  /** Contexts of a shard; by default about 64 MB of rows. A killed harvest loses at most one shard. */
  contextsPerShard?: number | undefined;
}

/**
 * Captures activations of a model on text into an activation store. Killed at any moment, the same call goes on at the
 * first missing shard, and the store is the same, byte for byte.
 */
export async function* harvest(options: HarvestOptions): Work<ActivationStore> {
  const { model, signal, context = 256, seed = 0, heldOutShare = 0.05, keep = defaultKeepRule } = options;
  const sites = [...new Set(options.sites)].map((name) => parseSite(name, model.architecture.layers).name);
  if (sites.length === 0) throw new LexiscopeError("invalid_input", "no site was named", { field: "site" });
  if (context > model.architecture.context)
    throw new LexiscopeError(
      "invalid_input",
      `a context of ${context} tokens is more than the ${model.architecture.context} of ${model.name}`,
      { field: "context" },
    );
  const folder = resolveRef("stores", options.out);
  const identity = await model.identity(signal);
  const plan = yield* planText({
    sources: options.sources,
    tokenizer: model.tokenizer,
    tokens: options.tokens,
    context,
    seed,
    heldOutShare,
    signal,
  });
  yield { phase: "read", done: plan.tokens, total: plan.tokens, unit: "tokens", rate: 0, message: describePlan(plan) };
  const bytesPerRow = sites.length * model.architecture.d * bf16Width;
  const settings: HarvestSettings = {
    weightsHash: identity.weightsHash,
    tokenizerHash: model.tokenizer.hash,
    sites,
    context,
    keep,
    seed,
    heldOutShare,
    dtype: model.dtype,
    cpuPath: model.cpuPath,
    contextsPerShard: options.contextsPerShard ?? contextsPerShard(context, bytesPerRow),
  };
  const hash = planHash(settings, plan);
  const unlock = await lockFolder(folder, "harvest");
  try {
    await claimFolder(folder, hash, settings);
    await removeTemporary(folder);
    if (await exists(join(folder, "manifest.json"))) return await openStore(folder);
    const shards = shardContexts(plan.contexts, settings.contextsPerShard);
    const need = plan.tokens * (bytesPerRow + sites.length * 4 + 12) + shards.length * 65_536;
    yield {
      phase: "harvest",
      done: 0,
      total: plan.tokens,
      unit: "tokens",
      rate: 0,
      message: `needs about ${formatBytes(need)} on disk at ${folder}, of which ${formatBytes(await presentBytes(folder))} are there; ${formatBytes(await freeBytes(folder))} are free`,
    };
    await requireDisk(folder, Math.max(0, need - (await presentBytes(folder))), "this harvest");
    const expected = { planHash: hash, sites: sites.map((name) => ({ name, d: model.architecture.d })) };
    const meter = new RateMeter();
    const headers: ShardHeader[] = [];
    let done = 0;
    const onBatch = (tokens: number): ProgressEvent => {
      done += tokens;
      const rate = meter.update(done);
      return {
        phase: "harvest",
        done,
        total: plan.tokens,
        unit: "tokens",
        rate,
        metrics: rate > 0 ? { secondsLeft: (plan.tokens - done) / rate } : {},
      };
    };
    for (const [ordinal, { first, contexts }] of shards.entries()) {
      const path = join(folder, shardFile(hash, ordinal));
      if (await exists(path)) {
        done += contexts.reduce((sum, { tokens }) => sum + tokens.length, 0);
      } else {
        meter.update(done);
        try {
          await writeShard(path, yield* computeShard({ model, sites, keep, planHash: hash, ordinal, first, contexts, signal, onBatch }));
        } catch (error) {
          throw isLexiscopeError(error) && error.code === "aborted" ? stopped(ordinal, shards.length) : error;
        }
      }
      headers.push(await readShardHeader(path, { ...expected, ordinal }));
    }
    yield { phase: "harvest", done, total: plan.tokens, unit: "tokens", rate: 0, message: "medians, means and hashes" };
    if (headers.every((header) => header.rows === 0))
      throw new LexiscopeError("invalid_input", "no token of the text counts: all are special tokens or stand at position 0", {
        field: "text",
        hint: "give longer text",
      });
    await writeJsonAtomic(join(folder, "manifest.json"), await describe(options, settings, plan, hash, headers));
  } finally {
    await unlock();
  }
  return openStore(folder);
}

async function describe(
  options: HarvestOptions,
  settings: HarvestSettings,
  plan: TextPlan,
  hash: string,
  headers: readonly ShardHeader[],
): Promise<StoreManifest> {
  const sites: StoreManifest["sites"] = [];
  for (const name of settings.sites) sites.push(await siteStatistics({ name, d: options.model.architecture.d }, headers, settings.keep));
  const shards: StoreManifest["shards"] = [];
  for (const { path, ordinal, contexts, rows } of headers) {
    shards.push({
      file: shardFile(hash, ordinal),
      bytes: (await stat(path)).size,
      sha256: await sha256File(path, options.signal),
      contexts,
      rows,
    });
  }
  const heldOut = plan.contexts.filter((context) => context.heldOut);
  const special = options.model.tokenizer.specialIds;
  const heldOutRows = heldOut.reduce(
    (sum, { tokens }) => sum + keepMask(tokens, settings.keep, special).reduce((kept, byte) => kept + byte, 0),
    0,
  );
  return {
    kind: "activation-store",
    formatVersion: 1,
    software: version,
    model: await options.model.identity(options.signal),
    sites,
    keep: settings.keep,
    context: settings.context,
    seed: settings.seed,
    cpuPath: settings.cpuPath,
    dtype: settings.dtype,
    planHash: hash,
    text: plan.text,
    tokens: plan.tokens,
    rows: headers.reduce((sum, header) => sum + header.rows, 0),
    contexts: plan.contexts.length,
    heldOut: { share: settings.heldOutShare, contexts: heldOut.length, rows: heldOutRows },
    shards,
  };
}

function describePlan(plan: TextPlan): string {
  const counts = [`${plan.documents} documents`, `${plan.contexts.length} contexts`, `${plan.tokens} tokens`];
  if (plan.repeats > 0) counts.push(`${plan.repeats} repeated documents left out`);
  if (plan.replaced > 0) counts.push(`${plan.replaced} invalid characters replaced by U+FFFD`);
  return counts.join(", ");
}

function stopped(done: number, total: number): LexiscopeError {
  return new LexiscopeError("aborted", `stopped with ${done} of ${total} shards written`, {
    hint: "run the same command again; it goes on at the first missing shard",
  });
}

async function removeTemporary(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.endsWith(".tmp")) await rm(join(folder, name), { force: true });
}

async function presentBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) if (name.endsWith(".safetensors")) bytes += (await stat(join(folder, name))).size;
  return bytes;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
