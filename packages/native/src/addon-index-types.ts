import type { NativeDictionary, NativeTask } from "./addon-types.ts";

export interface NativePca {
  add(rows: Uint16Array, task: NativeTask): Promise<void>;
  /**
   * Leading components [k, d] (orthonormal, the largest entry of each positive), the mean [d], and in `eigenvalues` [d]
   * the share of the variance that each of all d components has, descending. As a dictionary: `identity`, encoder =
   * decoder = components, encoder bias 0, decoder bias = mean, applyBDecToInput.
   */
  finish(k: number, task: NativeTask): Promise<{ components: Float32Array; mean: Float32Array; eigenvalues: Float32Array }>;
}

export interface NativeIndexerOptions {
  features: number;
  /** Strongest examples kept per feature (one a context). */
  top: number;
  /** Equal-width intervals between 0 and the feature's maximum, and samples kept in each. */
  intervals: number;
  perInterval: number;
  /** Co-activation neighbours reported per feature. */
  coactivation: number;
  /** Tokens reported per feature: those that it fires on more than on others. */
  tokens: number;
  seed: number;
}

/** One pass over the store: statistics, examples and co-activation of every feature, in memory bounded by F. */
export interface NativeIndexer {
  /**
   * Adds whole contexts. Row r of `rows` (bf16 [n, d]) is token `positions[r]` of context `contexts[r]`, with the id
   * `tokens[r]`. Contexts grow over the whole pass, positions within a context. A call that was cancelled ends the pass.
   */
  add(
    dictionary: NativeDictionary,
    rows: Uint16Array,
    contexts: Uint32Array,
    positions: Uint32Array,
    tokens: Uint32Array,
    task: NativeTask,
  ): Promise<void>;
  /** The result of the whole pass; the indexer is then used up. */
  finish(task: NativeTask): Promise<NativeIndexResult>;
}

export interface NativeIndexResult {
  /** Tokens seen (n). */
  tokens: number;
  /** [F] tokens on which the feature fired; [F] maximum, sum and sum of squares of a_i over them. */
  fired: Uint32Array;
  maximum: Float32Array;
  sum: Float64Array;
  sumSquares: Float64Array;
  /**
   * [F, 40]: counts of a_i in 40 equal-width bins of (0, maximum], lower edge open. Exact up to 1,024 values; beyond,
   * values within maximum / 1024 of an edge may be counted on its other side.
   */
  histogram: Uint32Array;
  /**
   * Examples, grouped by feature: `exampleOffsets` [F + 1]. Each example is a context with the feature's activation at
   * every token where it fired: `activationOffsets` [E + 1] into `activationPositions` and `activationValues`.
   * `exampleInterval`: −1 = among the strongest, else the interval (0 = weakest) it was sampled for.
   */
  exampleOffsets: Uint32Array;
  exampleContext: Uint32Array;
  exampleInterval: Int32Array;
  examplePeak: Uint32Array;
  activationOffsets: Uint32Array;
  activationPositions: Uint32Array;
  activationValues: Float32Array;
  /** [F, c] neighbours by NPMI over tokens where both fire (id 0xffffffff = none), their scores and joint counts. */
  coactivationIds: Uint32Array;
  coactivationScores: Float32Array;
  coactivationCounts: Uint32Array;
  /** [F, t] tokens by NPMI with the feature's firing (id 0xffffffff = none), their scores, and on how many rows of it the feature fired. */
  tokenIds: Uint32Array;
  tokenScores: Float32Array;
  tokenCounts: Uint32Array;
}
