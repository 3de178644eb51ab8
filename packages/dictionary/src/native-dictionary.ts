import { loadAddon, withTask, type NativeDictionary } from "@lexiscope/native";
import type { Activation, DictionaryWeights } from "./types.ts";

export interface NativeDictionaryShape {
  d: number;
  features: number;
  /** `identity` keeps everything as it is (PCA). */
  activation: Activation | { kind: "identity" };
  /** β = 1 (the default): b_dec is subtracted before encoding. */
  applyBDecToInput?: boolean;
}

/** The dictionary that the addon computes with. */
export function nativeDictionary(
  weights: DictionaryWeights,
  { d, features, activation, applyBDecToInput = true }: NativeDictionaryShape,
  signal: AbortSignal | undefined,
): Promise<NativeDictionary> {
  const options = { d, features, applyBDecToInput, ...weights, ...nativeActivation(activation, features) };
  return withTask(signal, (task) => loadAddon().Dictionary.create(options, task));
}

function nativeActivation(
  activation: NativeDictionaryShape["activation"],
  features: number,
):
  | { activation: "identity" }
  | { activation: "topk"; k: number; gain?: Float32Array }
  | { activation: "threshold"; threshold: Float32Array } {
  switch (activation.kind) {
    case "topk":
      return { activation: "topk", k: activation.k, ...(activation.gain && { gain: activation.gain }) };
    case "relu":
      return { activation: "threshold", threshold: new Float32Array(features) };
    case "jumprelu":
      return { activation: "threshold", threshold: activation.threshold };
    case "identity":
    default:
      return { activation: "identity" };
  }
}
