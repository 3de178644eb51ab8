import type { NativeIndexer, NativeIndexerOptions, NativePca } from "./addon-index-types.ts";
import type { NativeTrainer, NativeTrainerOptions } from "./addon-trainer-types.ts";

/**
 * The shape of the Rust addon: the only description of it on this side. Letters: n = rows (tokens), d = width,
 * F = features, V = vocabulary, B = rows of a batch of sequences. Arrays are row-major. A method that works for long
 * returns a promise, runs off the main thread, polls its {@link NativeTask} and rejects with a message that begins
 * `cancelled` when the task was cancelled. Until the promise settles the arrays given to it may be neither written nor
 * transferred: native code reads them where they lie. Errors are plain `Error`s whose message begins with a code and a colon:
 * `invalid_input: …`, `bad_file: …`, `unsupported: …`, `internal: …` (a panic that was caught).
 */
export interface Addon {
  cpu(): NativeCpu;
  /** Register-only probe of the path's inner instruction, all threads: the machine's limit. GFLOP/s and GB/s. */
  probe(): Promise<NativeProbe>;
  /** log Σ exp over a row of logits, at once, on the calling thread; f32 precision. */
  logSumExp(values: Float32Array): number;
  /** The index at share `unit` of [0, 1) of the running sum of e^((x − max) / temperature) over a row, at once: a draw from its softmax. The same on every path. */
  drawToken(values: Float32Array, temperature: number, unit: number): number;
  Task: new () => NativeTask;
  Model: { open(options: NativeModelOptions, task: NativeTask): Promise<NativeModel> };
  Dictionary: { create(options: NativeDictionaryOptions, task: NativeTask): Promise<NativeDictionary> };
  Trainer: { create(options: NativeTrainerOptions, task: NativeTask): Promise<NativeTrainer> };
  Indexer: new (options: NativeIndexerOptions) => NativeIndexer;
  /** PCA of bf16 rows: running sums, then the leading components. */
  Pca: new (d: number) => NativePca;
  /** For each row of `a [n, d]` the k rows of `b [m, d]` with the largest dot product (ties: lower index), exact f32. */
  topKRows(a: Float32Array, b: Float32Array, d: number, k: number, task: NativeTask): Promise<NativeTopK>;
}

/** A handle to stop a call and to see how far it is. One task may serve several calls. */
export interface NativeTask {
  cancel(): void;
  progress(): { done: number; total: number };
}

export interface NativeCpu {
  /** The path in force: `avx512bf16`, `avx512vnni`, `avx2i16`, `avx2`, `neon`, `portable`. */
  path: string;
  available: string[];
  threads: number;
  model: string;
}

export interface NativeProbe {
  fastGflops: number;
  exactGflops: number;
  bandwidthGBs: number;
}

/** `f32`: f32 products everywhere. `fast`: the path's low-precision form for matrix products, everything else f32. */
export type NativeDtype = "f32" | "fast";

export interface NativeModelOptions {
  /** JSON of the `Architecture` in contract. */
  architecture: string;
  files: string[];
  /** Where each weight lies. `role` names it (`embed`, `final_norm`, `unembed`, `blocks.3.attn.q`, …). */
  tensors: NativeTensorRef[];
  dtype: NativeDtype;
}

export interface NativeTensorRef {
  role: string;
  file: number;
  /** Byte offset in the file and length in bytes. */
  offset: number;
  bytes: number;
  /** `F32`, `F16`, `BF16`, `Q4_0`, `Q4_1`, `Q5_0`, `Q5_1`, `Q8_0`, `Q2_K` to `Q6_K`, `IQ4_NL`, `IQ4_XS` */
  type: string;
  /** Rows and columns of the matrix as [out, in]; a vector has rows 1. */
  rows: number;
  cols: number;
  /** Undo GGUF's per-head permutation of q and k rows (llama): number of heads in this matrix. */
  unpermuteHeads?: number;
}

/** What to capture at a site. A tap sees the activation after the edits of its site. */
export interface NativeTap {
  site: string;
  /** One byte a token; 1 = capture this token. Absent: all. */
  keep?: Uint8Array;
  /** `bf16` rows as Uint16Array, `f32` rows as Float32Array, `none`: norms only. */
  values: "bf16" | "f32" | "none";
}

/**
 * A change at a site, applied to tokens whose `mask` byte is 1 (one byte a token of this call). Edits of one site see
 * the activation as it came, before any of them. `add`: x += vector. `replace`: x = vector. `reconstruct`: x = x̂ of
 * the dictionary. `clamp`: x += (value − a_i)·d̂_i. `scale`: x += (value − 1)·a_i·d̂_i. `ablate`: x −= a_i·d̂_i.
 * a_i is encoded from x rounded to bf16. Tokens with ‖x‖ > maxNorm are left alone. `replace` and `reconstruct` set x
 * (the last of them wins), whatever their place among the edits; the others are added to that in order.
 */
export interface NativeEdit {
  site: string;
  op: "add" | "replace" | "reconstruct" | "clamp" | "scale" | "ablate";
  mask: Uint8Array;
  /** [d], for `add` and `replace`. */
  vector?: Float32Array;
  dictionary?: NativeDictionary;
  feature?: number;
  value?: number;
  maxNorm?: number;
}

export interface NativeForwardInput {
  /** All sequences, one after the other. */
  tokens: Int32Array;
  /** Length of each sequence; their sum is tokens.length. */
  lengths: Int32Array;
  taps: NativeTap[];
  edits: NativeEdit[];
  /** `none` (stops at the deepest tap), or what to compute from the logits. `full` is [n, V]: for tests and short texts. */
  logits: "none" | "nll" | "full";
  /** With logits ≠ none: also the `top` most likely next tokens of every position. 0 = none. */
  top: number;
}

export interface NativeForwardOutput {
  /** One per tap, rows of kept tokens in order. */
  taps: { values?: Uint16Array | Float32Array; norms: Float32Array }[];
  /** [n] −log p of the next token of the same sequence in nats; NaN at the last position of a sequence. */
  nll?: Float32Array;
  /** [n] log Σ exp(logit) */
  logSumExp?: Float32Array;
  /** [n, top] */
  topIds?: Int32Array;
  topLogprobs?: Float32Array;
  /** [n, V] */
  logits?: Float32Array;
}

export interface NativeModel {
  readonly d: number;
  readonly vocabulary: number;
  /** Bytes of memory that the weights take. */
  readonly bytes: number;
  /** Bytes of weights that one step of generation reads: of a quantised file its own blocks, else the packed form. */
  readonly decodeBytes: number;
  /**
   * SHA-256 over the dequantised weights in the order of sorted role names; each adds its role, a zero byte, rows and
   * cols as u64 and its f32 values in HF row order, all little-endian.
   */
  weightsHash(task: NativeTask): Promise<string>;
  forward(input: NativeForwardInput, task: NativeTask): Promise<NativeForwardOutput>;
  /** A KV cache for `rows` sequences of at most `capacity` tokens (≤ the context). Memory grows with the tokens held. */
  cache(rows: number, capacity: number): NativeCache;
  /**
   * Appends `lengths[r]` tokens to each row r of the cache (0 is allowed) and returns the logits of each row's last
   * token, [rows, V] (rows that got no token: NaN). A cancelled call leaves the cache as it was; a second call while
   * one runs on the same cache is refused.
   */
  extend(cache: NativeCache, tokens: Int32Array, lengths: Int32Array, edits: NativeEdit[], task: NativeTask): Promise<Float32Array>;
  /**
   * {@link extend}, then the next token of every row that got one: logits never leave native memory. Id −1: the row got no
   * token, or its logits are not all below infinity.
   */
  step(
    cache: NativeCache,
    tokens: Int32Array,
    lengths: Int32Array,
    edits: NativeEdit[],
    choosing: NativeChoosing,
    task: NativeTask,
  ): Promise<NativeChoices>;
  /** Final-norm gain γ [d] and unembedding rows: logit effects of directions [n, d] as W_U·(γ⊙v), k highest and k lowest, minus the mean over the vocabulary. */
  directEffects(
    directions: Float32Array,
    k: number,
    task: NativeTask,
  ): Promise<{ topIds: Int32Array; topValues: Float32Array; bottomIds: Int32Array; bottomValues: Float32Array }>;
}

/** How a row's next token is chosen: the most likely at temperature 0, else drawn from softmax(logits / temperature). */
export interface NativeChoosing {
  /** Ids at or past it are padding and never chosen. */
  vocabulary: number;
  temperature: number;
  /** Most likely tokens named for each row. */
  top: number;
  /** [rows] which share of [0, 1) of the running sum of probabilities is drawn. */
  units: Float64Array;
}

/** Log probabilities in nats under the logits as they came. */
export interface NativeChoices {
  /** [rows] */
  ids: Int32Array;
  logprobs: Float64Array;
  /** [rows, top] most likely first, ties by lower id. */
  topIds: Int32Array;
  topLogprobs: Float64Array;
}

export interface NativeCache {
  /** Tokens held per row. */
  lengths(): Int32Array;
  /** Shortens every row to at most `length` tokens. */
  truncate(length: number): void;
}

/**
 * f = act((x − β·b_dec)·W_enc + b_enc), x̂ = f·W_dec + b_dec. `topk` keeps the k largest pre-activations, then ReLU;
 * `identity` keeps all (PCA). Rows of W are per feature: encoder [F, d], decoder [F, d].
 */
export interface NativeDictionaryOptions {
  d: number;
  features: number;
  /** `threshold`: f_i = p_i where p_i > θ_i (JumpReLU; ReLU with θ = 0). */
  activation: "topk" | "threshold" | "identity";
  /** For `topk`. */
  k?: number;
  /** [F], above 0, for `topk`: what a feature's value is multiplied by after the selection. */
  gain?: Float32Array;
  /** θ [F], at least 0, for `threshold`. */
  threshold?: Float32Array;
  /** β: subtract b_dec before encoding. */
  applyBDecToInput: boolean;
  encoder: Float32Array;
  encoderBias: Float32Array;
  decoder: Float32Array;
  decoderBias: Float32Array;
}

export interface NativeTopK {
  /** Entries of a row. */
  k: number;
  /** [n, k] */
  indices: Uint32Array;
  values: Float32Array;
}

export interface NativeDictionary {
  readonly d: number;
  readonly features: number;
  /** The most entries that a row can have. */
  readonly k: number;
  /** Features of bf16 rows [n, d], as wide as the fullest row; value 0 marks an empty place. Values are f_i; multiply by the decoder norm for a_i. */
  encode(rows: Uint16Array, task: NativeTask): Promise<NativeTopK>;
  /** x̂ of bf16 rows, f32 [n, d]. */
  reconstruct(rows: Uint16Array, task: NativeTask): Promise<Float32Array>;
  /** Sums over bf16 rows for FVU about `mean` and L0; add them up over batches. `fired` [F] counts tokens with f_i > 0. */
  evaluate(
    rows: Uint16Array,
    mean: Float32Array,
    task: NativeTask,
  ): Promise<{
    squaredError: number;
    squaredDeviation: number;
    active: number;
    squaredNorm: number;
    dot: number;
    squaredReconstruction: number;
    fired: Uint32Array;
  }>;
}
