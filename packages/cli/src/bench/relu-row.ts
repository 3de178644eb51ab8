import type { BenchRow } from "@lexiscope/contract";
import { floatToBf16 } from "@lexiscope/activations";
import { createRandom } from "@lexiscope/core";
import { loadAddon, withTask, type NativeTrainer } from "@lexiscope/native";
import type { Peer } from "./peer.ts";
import { time } from "./timing.ts";

const d = 576;
const features = 16_384;
const batch = 4096;
const decoderNorm = 0.1;

/** L0 and z, the normal distribution's quantile at 1 − L0/F: with rows of variance 1 a bias of −z·norm leaves so many features active. */
const densities = [
  { l0: 30, z: 2.9064 },
  { l0: 100, z: 2.5056 },
  { l0: 300, z: 2.0898 },
];

/**
 * One step of Scaling Monosemanticity's ReLU with L1 at three densities, on normally distributed rows. At a learning rate
 * of 0 the density stays; the work is the same. The limit counts the encoder's products alone: 2·d·F a token.
 */
export async function reluRows(budgetSeconds: number, peer: Peer | undefined, signal: AbortSignal): Promise<BenchRow[]> {
  const random = createRandom(1);
  const pool = floatToBf16(Float32Array.from({ length: batch * d }, () => random.normal()));
  const rows = Uint32Array.from({ length: batch }, (_, i) => i);
  const trainer = await createTrainer(signal);
  const step = (): Promise<{ l0: number }> => withTask(signal, (task) => trainer.step(pool, rows, 0, 5, task));
  const out: BenchRow[] = [];
  for (const { l0, z } of densities) {
    setBias(trainer, -z * decoderNorm);
    const { l0: measured } = await step(); // the first one packs the encoder, and its density decides the path of the next
    const run = async (): Promise<void> => void (await step());
    const { seconds, peerSeconds, probe } = await time({ run, ...(peer ? { peer: () => peer.round() } : {}) }, budgetSeconds, signal);
    const limit = (probe.fastGflops * 1e9) / (2 * d * features);
    const value = batch / seconds;
    out.push({
      name: `ReLU-L1 step, d ${d}, F ${features}, L0 ${measured.toFixed(0)} (${l0}), batch ${batch}`,
      value,
      unit: "tokens/s",
      limit,
      shareOfLimit: value / limit,
      ...(peer && peerSeconds ? { peer: { name: peer.name, value: batch / peerSeconds }, ratio: peerSeconds / seconds } : {}),
    });
  }
  return out;
}

function createTrainer(signal: AbortSignal): Promise<NativeTrainer> {
  const options = {
    architecture: "relu" as const,
    d,
    features,
    k: 0,
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
    screen: "exact" as const,
    decoderNorm,
    clipNorm: 1,
  };
  return withTask(signal, (task) => loadAddon().Trainer.create(options, task));
}

/** Every encoder bias set to one value, and the next step on the path for sparse batches. */
function setBias(trainer: NativeTrainer, bias: number): void {
  const replace = (name: string, data: Uint8Array): Uint8Array =>
    name === "encoder_bias" ? new Uint8Array(new Float32Array(features).fill(bias).buffer) : name === "dense" ? new Uint8Array(8) : data;
  trainer.load(trainer.state().map((array) => ({ ...array, data: replace(array.name, array.data) })));
}
