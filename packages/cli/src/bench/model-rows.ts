import type { Architecture, BenchRow } from "@lexiscope/contract";
import { createRandom } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import type { Peer } from "./peer.ts";
import { time } from "./timing.ts";

const context = 256;
const sequences = 8;
const prompt = 64;

/** Harvest to the middle block. The limit counts matrix products and attention. */
export async function harvestRow(
  model: Model,
  blocks: number,
  budgetSeconds: number,
  peer: Peer | undefined,
  signal: AbortSignal,
): Promise<BenchRow> {
  const tokens = randomTokens(model, sequences * context);
  const lengths = new Int32Array(sequences).fill(context);
  const tap = { site: `blocks.${blocks - 1}.hook_resid_post`, values: "bf16" as const };
  const run = async (): Promise<void> =>
    void (await withTask(signal, (task) =>
      model.native.forward({ tokens, lengths, taps: [tap], edits: [], logits: "none", top: 0 }, task),
    ));
  const { seconds, peerSeconds, probe } = await time({ run, ...(peer ? { peer: () => peer.round() } : {}) }, budgetSeconds, signal);
  const value = tokens.length / seconds;
  const limit = (probe.fastGflops * 1e9) / flopsPerToken(model.architecture, blocks, context);
  return {
    name: `harvest to block ${blocks - 1}, context ${context}${peer ? `, beside ${peer.name.split(",")[0]}` : ""}`,
    value,
    unit: "tokens/s",
    limit,
    shareOfLimit: value / limit,
    ...(peer && peerSeconds ? { peer: { name: peer.name, value: tokens.length / peerSeconds }, ratio: peerSeconds / seconds } : {}),
  };
}

/** One stream, a token at a time. The limit is the time to read once a token the bytes that the row's name states. */
export async function generationRow(model: Model, budgetSeconds: number, signal: AbortSignal): Promise<BenchRow> {
  const steps = 16;
  const cache = model.native.cache(1, prompt + steps);
  const tokens = randomTokens(model, prompt + steps);
  await withTask(signal, (task) => model.native.extend(cache, tokens.subarray(0, prompt), Int32Array.of(prompt), [], task));
  const run = async (): Promise<void> => {
    cache.truncate(prompt);
    for (let i = prompt; i < prompt + steps; i++)
      await withTask(signal, (task) => model.native.extend(cache, tokens.subarray(i, i + 1), Int32Array.of(1), [], task));
  };
  const { seconds, probe } = await time({ run }, budgetSeconds, signal);
  const value = steps / seconds;
  const { decodeBytes } = model.native;
  const limit = (probe.bandwidthGBs * 1e9) / decodeBytes;
  const name = `generation, one stream, reading ${(decodeBytes / 1e6).toFixed(1)} MB a token`;
  return { name, value, unit: "tokens/s", limit, shareOfLimit: value / limit };
}

/** Multiplications and additions of a token in the first `blocks` blocks; attention over half the context on average. */
export function flopsPerToken({ d, heads, kvHeads, headWidth, ff }: Architecture, blocks: number, length: number): number {
  const products = 2 * (d * headWidth * (2 * heads + 2 * kvHeads) + 3 * d * ff);
  const attention = 2 * 2 * heads * headWidth * (length / 2);
  return blocks * (products + attention);
}

function randomTokens(model: Model, n: number): Int32Array {
  const random = createRandom(2);
  const most = Math.min(40_000, model.native.vocabulary - 1);
  const least = Math.min(100, most - 1);
  return Int32Array.from({ length: n }, () => least + random.below(most - least));
}
