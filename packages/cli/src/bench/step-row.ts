import type { BenchRow } from "@lexiscope/contract";
import { floatToBf16 } from "@lexiscope/activations";
import { createRandom } from "@lexiscope/core";
import { loadAddon, withTask } from "@lexiscope/native";
import type { Peer } from "./peer.ts";
import { time } from "./timing.ts";

const d = 576;
const features = 16_384;
const k = 32;
const batch = 4096;

/** One training step of a TopK dictionary, on normally distributed rows. The limit counts the encoder's products alone: 2·d·F a token. */
export async function stepRow(budgetSeconds: number, peer: Peer | undefined, signal: AbortSignal): Promise<BenchRow> {
  const random = createRandom(1);
  const pool = floatToBf16(Float32Array.from({ length: batch * d }, () => random.normal()));
  const rows = Uint32Array.from({ length: batch }, (_, i) => i);
  const trainer = await withTask(signal, (task) =>
    loadAddon().Trainer.create(
      {
        architecture: "topk",
        d,
        features,
        k,
        seed: 1,
        scale: 1,
        decoderBias: new Float32Array(d),
        encoderScale: 1,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        auxCoefficient: 0,
        auxK: 0,
        deadAfter: 10_000_000,
        freezeDecoder: false,
        decoderNorm: 1,
        clipNorm: Infinity,
        screen: "exact",
      },
      task,
    ),
  );
  const run = async (): Promise<void> => void (await withTask(signal, (task) => trainer.step(pool, rows, 2e-4, 0, task)));
  const { seconds, peerSeconds, probe } = await time({ run, ...(peer ? { peer: () => peer.round() } : {}) }, budgetSeconds, signal);
  const limit = (probe.fastGflops * 1e9) / (2 * d * features);
  const value = batch / seconds;
  return {
    name: `TopK step, d ${d}, F ${features}, k ${k}, batch ${batch}`,
    value,
    unit: "tokens/s",
    limit,
    shareOfLimit: value / limit,
    ...(peer && peerSeconds ? { peer: { name: peer.name, value: batch / peerSeconds }, ratio: peerSeconds / seconds } : {}),
  };
}
