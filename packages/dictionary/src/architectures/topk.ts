import { LexiscopeError } from "@lexiscope/core";
import type { Architecture } from "./architecture.ts";

/** TopK with AuxK (Gao et al. 2024; science.md §2.4 and §4). */
export const topk: Architecture<"topk"> = {
  name: "topk",
  own: ["k", "auxCoefficient", "auxK", "screen"],
  preset: (preset, { d, features, steps }) => ({
    k: 32,
    screen: "exact",
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    normalise: "rms",
    decoderBiasInit: "mean",
    auxCoefficient: 1 / 32,
    auxK: Math.min(Math.max(1, d >> 1), features),
    deadAfter: null,
    poolRows: 500_000,
    seed: 0,
    ...(preset === "short"
      ? {
          learningRate: 2e-3,
          encoderScale: 0.3,
          warmupSteps: Math.round(0.05 * steps),
          decayShare: 0.3,
          checkpointEverySteps: 500,
        }
      : {
          learningRate: 2e-4 / Math.sqrt(features / 16_384),
          encoderScale: 1,
          warmupSteps: Math.min(1000, Math.round(0.1 * steps)),
          decayShare: 0.2,
          checkpointEverySteps: 1000,
        }),
  }),
  check: ({ features, k, auxK }) => {
    if (k > features)
      throw new LexiscopeError("invalid_input", `k is ${k} and there are ${features} features: at most all of them can be active`, {
        field: "k",
        hint: `choose a k of at most ${features}, usually 16 to 128`,
      });
    if (auxK > features)
      throw new LexiscopeError("invalid_input", `auxK is ${auxK} and there are ${features} features`, {
        field: "auxK",
        hint: `choose at most ${features}`,
      });
  },
  stepBytes: ({ batch, k }) => batch * k * 32,
  activation: ({ k }) => ({ kind: "topk", k }),
  applyBDecToInput: true,
  trainer: ({ k, auxCoefficient, auxK, screen }, squaredNorm) => ({
    architecture: "topk",
    k,
    // α belongs to a main loss of order 1; ours has the order of E‖x‖² (science.md §2.6).
    auxCoefficient: auxCoefficient * squaredNorm,
    auxK,
    decoderNorm: 1,
    clipNorm: Infinity,
    screen,
  }),
  penaltyAt: () => 0,
  suffix: ({ k }) => `k${k}`,
};
