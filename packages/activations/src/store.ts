import { stat } from "node:fs/promises";
import { join } from "node:path";
import { LexiscopeError, resolveRef, throwIfAborted } from "@lexiscope/core";
import { readManifest, storeManifestSchema } from "@lexiscope/contract";
import { BufferCache } from "./cache.ts";
import { readShardHeader } from "./shard.ts";
import { ShardReader, type ShardIndex } from "./shard-reader.ts";
import type { ActivationStore, Split, StoredContext, StoredRows } from "./types.ts";

/** Memory for rows that were read lately. */
const cacheBytes = 256 * 2 ** 20;

/** Opens a finished store: sizes and headers of all shards are checked now, contents when they are first read. */
export async function openStore(ref: string): Promise<ActivationStore> {
  const path = resolveRef("stores", ref);
  const manifest = await readManifest(join(path, "manifest.json"), storeManifestSchema).catch(async (error: unknown) => {
    const started = await stat(join(path, "plan.json")).then(
      () => true,
      () => false,
    );
    if (started && error instanceof LexiscopeError && error.code === "not_found") {
      throw new LexiscopeError("not_found", `${path} is an unfinished harvest`, {
        file: path,
        hint: "run the same harvest again; it goes on at the first missing shard",
        cause: error,
      });
    }
    if (error instanceof LexiscopeError && error.code === "not_found")
      throw new LexiscopeError("not_found", `${path} is no activation store`, {
        file: path,
        hint: "make one with `lexiscope harvest`; `lexiscope list` shows what there is",
        cause: error,
      });
    throw error;
  });
  const limits = new Map(manifest.sites.map((site) => [site.name, site.medianNorm * manifest.keep.maxNormOverMedian]));
  const cache = new BufferCache(cacheBytes);
  const shards: ShardReader[] = [];
  let contexts = 0;
  for (const [ordinal, shard] of manifest.shards.entries()) {
    const file = join(path, shard.file);
    const size = await stat(file).then(
      (info) => info.size,
      () => undefined,
    );
    if (size !== shard.bytes) {
      throw new LexiscopeError(
        "bad_file",
        size === undefined ? `${file} is missing` : `${file} has ${size} bytes; the manifest says ${shard.bytes}`,
        { file, hint: "delete this file and manifest.json, then run the same harvest again; only this shard is made anew" },
      );
    }
    const header = await readShardHeader(file, { planHash: manifest.planHash, ordinal, sites: manifest.sites });
    if (header.first !== contexts || header.contexts !== shard.contexts || header.rows !== shard.rows)
      throw new LexiscopeError("bad_file", `${file} holds other contexts than the manifest says`, { file });
    contexts += shard.contexts;
    shards.push(new ShardReader(header, shard.sha256, limits, cache));
  }
  const counts = new Map<string, Promise<Uint32Array>>();

  function shardAt(index: number): ShardReader {
    const shard = shards[index];
    if (!shard)
      throw new LexiscopeError("invalid_input", `${path} has ${shards.length} shards; there is no number ${index}`, { file: path });
    return shard;
  }

  function shardOf(id: number): ShardReader {
    const shard = shards.findLast(({ header }) => header.first <= id);
    if (!shard || !Number.isInteger(id) || id < 0 || id >= contexts)
      throw new LexiscopeError("invalid_input", `${path} has ${contexts} contexts; there is no number ${id}`, { file: path });
    return shard;
  }

  function requireSite(name: string): number {
    const site = manifest.sites.find((candidate) => candidate.name === name);
    if (!site)
      throw new LexiscopeError("mismatch", `${path} has no activations of ${name}`, {
        file: path,
        field: "site",
        hint: `it has ${manifest.sites.map((candidate) => candidate.name).join(", ")}`,
      });
    return site.d;
  }

  return {
    path,
    manifest,
    contexts: async (shard) => {
      const reader = shardAt(shard);
      const [index, tokens] = [await reader.index(), new Int32Array(await reader.tensor("tokens"))];
      return Array.from(index.document, (_, i) => asContext(reader, index, tokens, i));
    },
    context: async (id) => {
      const reader = shardOf(id);
      return asContext(reader, await reader.index(), new Int32Array(await reader.tensor("tokens")), id - reader.header.first);
    },
    rows: async (shard, site, split): Promise<StoredRows> => {
      const d = requireSite(site);
      const reader = shardAt(shard);
      const { heldOut, rowOffsets } = await reader.index();
      const chosen = Array.from(heldOut.keys()).filter((i) => isIn(heldOut[i] as number, split));
      const outliers = new Set(await reader.outliers(site));
      const positions = new Uint32Array(await reader.tensor("row_position"));
      const rows: number[] = [];
      const ids: number[] = [];
      for (const i of chosen) {
        for (let row = rowOffsets[i] as number; row < (rowOffsets[i + 1] as number); row++) {
          if (outliers.has(row)) continue;
          rows.push(row);
          ids.push(reader.header.first + i);
        }
      }
      const target = new Uint16Array(rows.length * d);
      await reader.copyRows(site, chosen, target, 0);
      return { rows: target, contexts: Uint32Array.from(ids), positions: Uint32Array.from(rows, (row) => positions[row] as number) };
    },
    contextIds: async (split) => {
      const ids: number[] = [];
      for (const reader of shards) {
        const { heldOut } = await reader.index();
        for (const [i, held] of heldOut.entries()) if (isIn(held, split)) ids.push(reader.header.first + i);
      }
      return Uint32Array.from(ids);
    },
    rowCounts: async (site) => {
      requireSite(site);
      const known = counts.get(site) ?? countRows(shards, site, contexts);
      counts.set(site, known);
      return (await known).slice();
    },
    copyRows: async (site, ids, target, at) => {
      requireSite(site);
      let copied = 0;
      for (let i = 0; i < ids.length;) {
        const reader = shardOf(ids[i] as number);
        const { first, contexts: count } = reader.header;
        const group: number[] = [];
        for (; i < ids.length && (ids[i] as number) >= first && (ids[i] as number) < first + count; i++)
          group.push((ids[i] as number) - first);
        copied += await reader.copyRows(site, group, target, at + copied);
      }
      return copied;
    },
    verify: async (signal) => {
      for (const reader of shards) {
        throwIfAborted(signal);
        await reader.check(signal);
      }
    },
  };
}

const isIn = (heldOut: number, split: Split): boolean => split === "all" || (split === "heldOut") === (heldOut === 1);

function asContext(reader: ShardReader, index: ShardIndex, tokens: Int32Array, i: number): StoredContext {
  return {
    id: reader.header.first + i,
    document: index.document[i] as number,
    start: index.start[i] as number,
    tokens: tokens.slice(index.tokenOffsets[i], index.tokenOffsets[i + 1]),
    heldOut: index.heldOut[i] === 1,
  };
}

async function countRows(shards: readonly ShardReader[], site: string, contexts: number): Promise<Uint32Array> {
  const counts = new Uint32Array(contexts);
  for (const reader of shards) {
    const { rowOffsets } = await reader.index();
    const { first } = reader.header;
    for (let i = 0; i < reader.header.contexts; i++) counts[first + i] = (rowOffsets[i + 1] as number) - (rowOffsets[i] as number);
    let i = 0;
    for (const row of await reader.outliers(site)) {
      while ((rowOffsets[i + 1] as number) <= row) i++;
      counts[first + i] = (counts[first + i] as number) - 1;
    }
  }
  return counts;
}
