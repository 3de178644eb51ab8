import { addRows, bf16Width } from "./row-sums.ts";
import { normsTensor, readShardTensor, rowsTensor, sumTensor, type ShardHeader } from "./shard.ts";
import type { KeepRule, StoreManifest } from "@lexiscope/contract";
import { withFileReader } from "@lexiscope/formats";

/** Median, mean and E‖x‖² of one site over all shards: science.md §2.1. Outliers are found by norm and taken off the sums. */
export async function siteStatistics(
  site: { name: string; d: number },
  shards: readonly ShardHeader[],
  keep: KeepRule,
): Promise<StoreManifest["sites"][number]> {
  const { name, d } = site;
  const rows = shards.reduce((sum, shard) => sum + shard.rows, 0);
  const norms = new Float32Array(rows);
  let at = 0;
  for (const shard of shards) {
    norms.set(new Float32Array(await readShardTensor(shard, normsTensor(name))), at);
    at += shard.rows;
  }
  const medianNorm = median(norms);
  const limit = keep.maxNormOverMedian * medianNorm;
  const sum = new Float64Array(d);
  let squares = 0;
  let train = 0;
  let outliers = 0;
  for (const shard of shards) {
    const shardSum = new Float64Array(await readShardTensor(shard, sumTensor(name)));
    for (let j = 0; j < d; j++) sum[j] = (sum[j] as number) + (shardSum[j] as number);
    const shardNorms = new Float32Array(await readShardTensor(shard, normsTensor(name)));
    const heldOut = new Uint8Array(await readShardTensor(shard, "held_out"));
    const rowContext = new Uint32Array(await readShardTensor(shard, "row_context"));
    for (const [row, norm] of shardNorms.entries()) {
      const training = heldOut[rowContext[row] as number] === 0;
      if (norm > limit) {
        outliers++;
        if (training) addRows(sum, await readRow(shard, name, row, d), 0, 1, -1);
      } else if (training) {
        squares += norm * norm;
        train++;
      }
    }
  }
  const count = Math.max(1, train);
  return { name, d, medianNorm, meanSquaredNorm: squares / count, mean: Array.from(sum, (value) => value / count), outliers };
}

/** Middle value; the mean of the two middle ones of an even number. */
function median(values: Float32Array): number {
  const sorted = values.toSorted();
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

async function readRow(shard: ShardHeader, site: string, row: number, d: number): Promise<Uint16Array> {
  const offset = (shard.tensors.get(rowsTensor(site))?.offset ?? 0) + row * d * bf16Width;
  return withFileReader(shard.path, async (reader) => new Uint16Array((await reader.read(offset, d * bf16Width)).buffer));
}
