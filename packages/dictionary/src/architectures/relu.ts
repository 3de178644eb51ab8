import type { Architecture } from "./architecture.ts";

/** Rows of a tile of the dense path, as the addon cuts them. */
const tileRows = (features: number): number => Math.min(1024, Math.max(64, Math.floor(2 ** 24 / features)));

/** Scaling Monosemanticity's ReLU with the penalty λ Σ f_i·‖W_dec,i‖ (science.md §2.2 and §2.3, §4). */
export const relu: Architecture<"relu"> = {
  name: "relu",
  own: ["l1", "l1WarmupShare", "clipNorm", "decoderNorm"],
  preset: (preset) => ({
    l1: 5,
    l1WarmupShare: 0.05,
    clipNorm: 1,
    decoderNorm: 0.1,
    encoderScale: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    normalise: "rms",
    warmupSteps: 0,
    decayShare: 0.2,
    deadAfter: null,
    poolRows: 500_000,
    seed: 0,
    ...(preset === "short"
      ? { learningRate: 1e-3, decoderBiasInit: "mean" as const, checkpointEverySteps: 500 }
      : { learningRate: 5e-5, decoderBiasInit: "zero" as const, checkpointEverySteps: 1000 }),
  }),
  check: () => {},
  // Every gradient at once; two tiles of activations; the decoder turned; on the sparse path up to a twentieth of [batch, F] entries, twice.
  stepBytes: ({ features, batch }, d) =>
    2 * 4 * features * d +
    Math.max(2 * 4 * features * Math.min(batch, tileRows(features)) + 4 * features * d, (batch * features * 32) / 20),
  activation: () => ({ kind: "relu" }),
  applyBDecToInput: false,
  trainer: ({ clipNorm, decoderNorm }) => ({
    architecture: "relu",
    k: 0,
    auxCoefficient: 0,
    auxK: 0,
    decoderNorm,
    clipNorm: clipNorm ?? Infinity,
    screen: "exact",
  }),
  penaltyAt: ({ l1, l1WarmupShare, steps }, t) => l1 * (l1WarmupShare === 0 ? 1 : Math.min(1, (t + 1) / (l1WarmupShare * steps))),
  suffix: ({ l1 }) => `l1-${l1}`,
};
