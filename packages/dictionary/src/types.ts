import type { DictionaryManifest } from "@lexiscope/contract";
import type { NativeDictionary } from "@lexiscope/native";

/** Weights with one row a feature: encoder and decoder [F, d]. */
export interface DictionaryWeights {
  encoder: Float32Array;
  encoderBias: Float32Array;
  decoder: Float32Array;
  decoderBias: Float32Array;
}

/**
 * What becomes of a pre-activation p: the k largest of a token, then ReLU, then times `gain` [F] where there is one; all
 * above 0; all above θ [F] (strictly, θ ≥ 0).
 */
export type Activation =
  | { kind: "topk"; k: number; gain?: Float32Array }
  | { kind: "relu" }
  | { kind: "jumprelu"; threshold: Float32Array };

/** A dictionary open for use. f_i = a_i: decoder rows have unit norm and every scale is folded in. */
export interface Dictionary {
  readonly path: string;
  readonly manifest: DictionaryManifest;
  readonly native: NativeDictionary;
  /** What a person should know before trusting it: it was made for other weights of the same model, say. */
  readonly warnings: readonly string[];
  /** d̂_i [d], unit norm. */
  direction(feature: number): Float32Array;
  /** All decoder rows [F, d]. */
  readonly decoder: Float32Array;
}
