import type { Activation, DictionaryWeights } from "./types.ts";

/** A dictionary as its file has it: f = act((x·s − β·b_dec)·W_encᵀ + b_enc), x̂ = (f·W_dec + b_dec)/s; one row a feature. */
export interface UnfoldedDictionary {
  weights: DictionaryWeights;
  activation: Activation;
  /** s */
  scale: number;
  /** The selection of TopK, or the threshold, is on p_i·‖W_dec,i‖ instead of p_i. */
  rescaled: boolean;
}

/** Decoder rows shorter than this keep their norm: they have no direction. */
const shortest = 1e-8;
/** Rows this near to unit norm are unit rows that were rounded. */
const unit = 1e-5;

/**
 * The same dictionary with s = 1 and unit decoder rows, so that f_i = a_i in raw units (formats.md §1.3, "Folding"). Encoder
 * rows and their biases take the norm, thresholds too. Where TopK ranks features without heed of their norms, these cannot go into
 * the encoder: they become the gain that a feature has after the selection.
 */
export function fold({ weights, activation, scale, rescaled }: UnfoldedDictionary): { weights: DictionaryWeights; activation: Activation } {
  const d = weights.decoderBias.length;
  const features = weights.encoderBias.length;
  const folded = {
    encoder: weights.encoder.slice(),
    encoderBias: weights.encoderBias.slice(),
    decoder: weights.decoder.slice(),
    decoderBias: weights.decoderBias.map((value) => value / scale),
  };
  const ranked = activation.kind === "topk" && !rescaled;
  const gain = new Float32Array(features);
  const threshold = activation.kind === "jumprelu" ? activation.threshold.slice() : undefined;
  let scaled = false;
  for (let i = 0; i < features; i++) {
    const decoder = folded.decoder.subarray(i * d, (i + 1) * d);
    const found = Math.sqrt(decoder.reduce((sum, value) => sum + value * value, 0)) / scale;
    const norm = found < shortest ? 1 : found;
    for (let j = 0; j < d; j++) decoder[j] = (decoder[j] ?? 0) / scale / norm;
    const intoEncoder = ranked ? 1 : norm;
    const encoder = folded.encoder.subarray(i * d, (i + 1) * d);
    for (let j = 0; j < d; j++) encoder[j] = (encoder[j] ?? 0) * scale * intoEncoder;
    folded.encoderBias[i] = (folded.encoderBias[i] ?? 0) * intoEncoder;
    if (threshold) threshold[i] = Math.max(0, threshold[i] ?? 0) * (rescaled ? 1 / scale : norm);
    gain[i] = norm;
    scaled ||= Math.abs(norm - 1) > unit;
  }
  if (threshold) return { weights: folded, activation: { kind: "jumprelu", threshold } };
  if (activation.kind !== "topk") return { weights: folded, activation };
  return { weights: folded, activation: { kind: "topk", k: activation.k, ...(ranked && scaled && { gain }) } };
}

/** Whether any row of [F, d] is not of unit norm. */
export function hasNorms(rows: Float32Array, d: number): boolean {
  for (let at = 0; at < rows.length; at += d) {
    const squared = rows.subarray(at, at + d).reduce((sum, value) => sum + value * value, 0);
    if (Math.abs(Math.sqrt(squared) - 1) > unit) return true;
  }
  return false;
}
