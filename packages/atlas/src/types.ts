import type { AtlasManifest } from "@lexiscope/contract";
import type { Dictionary } from "@lexiscope/dictionary";

export interface FeatureExample {
  /** Text ids of the whole context. */
  tokens: Int32Array;
  /** a_i at every token of the context; 0 where it was silent or left out. */
  activations: Float32Array;
  document: number;
  start: number;
  /** Position of the strongest token. */
  peak: number;
  /** −1 = among the strongest, else the interval it was sampled for (0 = weakest). */
  interval: number;
  /** The same window of text stood in an earlier example. */
  repeat: boolean;
}

export interface TokenEffect {
  id: number;
  text: string;
  /** Direct logit effect: W_U·(γ⊙d̂) minus its mean over the vocabulary; later layers are ignored. */
  value: number;
}

export interface FeatureSummary {
  index: number;
  /** Share of tokens on which it fires. */
  density: number;
  fired: number;
  /** Largest a_i seen: the unit of edits. */
  maximum: number;
  mean: number;
  /** Token text at the strongest peak. */
  topToken: string;
}

export interface FeatureRecord extends FeatureSummary {
  histogram: { counts: number[]; width: number };
  top: TokenEffect[];
  bottom: TokenEffect[];
  /** By decoder cosine, and by NPMI of co-activation. */
  neighbours: { index: number; cosine: number }[];
  coactive: { index: number; npmi: number; count: number }[];
  examples: FeatureExample[];
}

/** A dictionary with its index, open for reading. */
export interface Atlas {
  readonly path: string;
  readonly manifest: AtlasManifest;
  /** Opens the dictionary inside on first use. */
  dictionary(signal?: AbortSignal): Promise<Dictionary>;
  feature(index: number): Promise<FeatureRecord>;
  summary(index: number): FeatureSummary;
  summaries(indices: readonly number[]): FeatureSummary[];
  /** Full-text search over top tokens, examples and output tokens; best first. */
  search(query: string, limit: number): { index: number; score: number; where: string }[];
  /** Features in the order of a column. */
  list(options: { orderBy: "density" | "maximum" | "fired" | "index"; descending: boolean; limit: number; offset: number; alive?: boolean }): FeatureSummary[];
  close(): void;
}
