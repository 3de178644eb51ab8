import type { DictionaryManifest } from "@lexiscope/contract";
import type { NativeDictionary } from "@lexiscope/native";

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
