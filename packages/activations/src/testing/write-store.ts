import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createRandom, sha256File, version, writeJsonAtomic } from "@lexiscope/core";
import type { StoreManifest } from "@lexiscope/contract";
import { siteStatistics } from "../harvest-finish.ts";
import { defaultKeepRule } from "../keep.ts";
import type { PlannedContext } from "../plan.ts";
import { addRows, bf16ToFloat, floatToBf16 } from "../row-sums.ts";
import { readShardHeader, shardFile, writeShard, type ShardHeader } from "../shard.ts";
import { openStore } from "../store.ts";
import type { ActivationStore } from "../types.ts";

export interface StoreToWrite {
  /** Rows of every context, f32 [n, d]; the shards take `perShard` contexts each. */
  contexts: readonly { rows: Float32Array; heldOut: boolean }[];
  d: number;
  perShard: number;
  site?: string;
}

/** Writes a store of given rows, without a model: every context has one token more than rows (position 0 is left out). */
export async function writeStore(
  folder: string,
  { contexts, d, perShard, site = "blocks.0.hook_resid_post" }: StoreToWrite,
): Promise<ActivationStore> {
  const planHash = "0".repeat(64);
  const headers: ShardHeader[] = [];
  const random = createRandom(7);
  for (let first = 0; first < contexts.length; first += perShard) {
    const own = contexts.slice(first, first + perShard);
    const counts = own.map(({ rows }) => rows.length / d);
    const planned = own.map(({ heldOut }, i): PlannedContext => ({
      document: first + i,
      start: 0,
      tokens: Int32Array.from({ length: (counts[i] ?? 0) + 1 }, () => random.below(256)),
      heldOut,
    }));
    const rows = floatToBf16(Float32Array.from(own.flatMap((context) => [...context.rows])));
    const rowContext = Uint32Array.from(counts.flatMap((count, i) => Array.from({ length: count }, () => i)));
    const rowPosition = Uint32Array.from(counts.flatMap((count) => Array.from({ length: count }, (_, i) => i + 1)));
    const values = bf16ToFloat(rows);
    const norms = Float32Array.from(rowContext, (_, r) => Math.hypot(...values.subarray(r * d, (r + 1) * d)));
    const sum = new Float64Array(d);
    for (const [r, i] of rowContext.entries()) if (!own[i]?.heldOut) addRows(sum, rows, r, r + 1);
    const ordinal = headers.length;
    const path = join(folder, shardFile(planHash, ordinal));
    await writeShard(path, {
      planHash,
      ordinal,
      first,
      contexts: planned,
      rowContext,
      rowPosition,
      sites: [{ name: site, d, rows, norms, sum }],
    });
    headers.push(await readShardHeader(path, { planHash, ordinal, sites: [{ name: site, d }] }));
  }
  const heldOut = contexts.filter((context) => context.heldOut);
  const rows = headers.reduce((sum, header) => sum + header.rows, 0);
  const manifest: StoreManifest = {
    kind: "activation-store",
    formatVersion: 1,
    software: version,
    model: { name: "made-up", weightsHash: "1".repeat(64), fileHash: null, d, layers: 1, vocabulary: 256 },
    sites: [await siteStatistics({ name: site, d }, headers, defaultKeepRule)],
    keep: defaultKeepRule,
    context: Math.max(...contexts.map((context) => context.rows.length / d + 1)),
    seed: 0,
    cpuPath: "none",
    dtype: "f32",
    planHash,
    text: [{ source: "made-up", weight: 1, documents: contexts.length, tokens: rows + contexts.length }],
    tokens: rows + contexts.length,
    rows,
    contexts: contexts.length,
    heldOut: {
      share: heldOut.length / contexts.length,
      contexts: heldOut.length,
      rows: heldOut.reduce((sum, context) => sum + context.rows.length / d, 0),
    },
    shards: await Promise.all(
      headers.map(async ({ path, ordinal, contexts: count, rows: n }) => ({
        file: shardFile(planHash, ordinal),
        bytes: (await stat(path)).size,
        sha256: await sha256File(path),
        contexts: count,
        rows: n,
      })),
    ),
  };
  await writeJsonAtomic(join(folder, "manifest.json"), manifest);
  return openStore(folder);
}
