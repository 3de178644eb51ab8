import type { NativeTask } from "./addon-types.ts";

/**
 * `topk`: mean ‖x − x̂‖² with AuxK, unit decoder rows, the encoder sees x − b_dec. `relu`: Scaling Monosemanticity's
 * mean [‖x − x̂‖² + λ Σ f_i·‖W_dec,i‖], weights without constraint, the gradient clipped by its global norm.
 */
export interface NativeTrainerOptions {
  architecture: "topk" | "relu";
  d: number;
  features: number;
  /** TopK only, like `auxCoefficient` and `auxK`. */
  k: number;
  seed: number;
  /** x = scale·raw, so that E‖x‖² = d. Training happens on x. */
  scale: number;
  /** Start of b_dec in raw units [d] (the mean or the geometric median). */
  decoderBias: Float32Array;
  /** The encoder's start is decoder·this. */
  encoderScale: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  /** AuxK: coefficient on the normalised auxiliary loss (0 = off) and number of dead latents revived per token. */
  auxCoefficient: number;
  auxK: number;
  /** Tokens without firing after which a latent is dead for AuxK. */
  deadAfter: number;
  /** Frozen random decoder: the baseline. */
  freezeDecoder: boolean;
  /** ReLU: norm of decoder rows at the start (TopK: always 1), and the largest norm of the whole gradient (Infinity: any). */
  decoderNorm: number;
  clipNorm: number;
  /** `8bit`: the top k by a bound that is likely but no proof. */
  screen: "exact" | "8bit";
}

export interface NativeStepMetrics {
  /** mean ‖x − x̂‖² over the batch, normalised units (E‖x‖² = d) */
  loss: number;
  /** mean ‖e − ê‖² / mean ‖e − ē‖², e = x − x̂, before its coefficient; 0 when no latent is dead. */
  auxLoss: number;
  /** Σ‖x−x̂‖² / Σ‖x−x̄‖², x̄ of this batch; NaN when all its rows are equal. */
  fvu: number;
  l0: number;
  /** ReLU: mean Σ f_i·‖W_dec,i‖ before λ; ‖gradient‖ before it is clipped; whether the path for dense batches was taken. */
  l1: number;
  gradientNorm: number;
  dense: boolean;
  /** Latents silent for at least `deadAfter` tokens. */
  dead: number;
  /** With `8bit`: rows that were selected exactly too, and those of them with another top k. */
  checkedRows: number;
  differingRows: number;
  /** Milliseconds by phase: encode, decode, backward, update, aux */
  ms: { encode: number; decode: number; backward: number; update: number; aux: number };
}

export interface NativeTrainer {
  /** Steps applied so far. */
  readonly steps: number;
  /**
   * One step on rows `rows[i]` of `pool` (bf16 [P, d], raw units). Stops within 200 ms on cancel, and is then not
   * applied. NaN or infinity in a row, or a loss that is not finite, fails the call and changes nothing. One call at a
   * time: a second one fails with `busy`. The result does not depend on the number of threads, nor on the CPU path but
   * for `8bit` and the last digits of a dense ReLU batch. `penalty` is λ, 0 for TopK.
   */
  step(pool: Uint16Array, rows: Uint32Array, learningRate: number, penalty: number, task: NativeTask): Promise<NativeStepMetrics>;
  /** Everything that the next step depends on, as named arrays; `load` gives back the same bits. */
  state(): { name: string; type: "F32" | "U64"; shape: number[]; data: Uint8Array }[];
  load(state: { name: string; type: string; shape: number[]; data: Uint8Array }[]): void;
  /** Weights with unit decoder rows and the scale folded in: raw in, raw out, f_i = a_i; TopK's for applyBDecToInput = true, ReLU's for false. */
  weights(): { encoder: Float32Array; encoderBias: Float32Array; decoder: Float32Array; decoderBias: Float32Array };
}
