import type { AtlasManifest } from "@lexiscope/contract";
import type { Dictionary } from "@lexiscope/dictionary";
import type { Model } from "@lexiscope/model";

export interface FeatureExample {
  /** Text ids of the whole context. */
  tokens: Int32Array;
  /** a_i at every token of the context; 0 where it was silent or left out. */
  activations: Float32Array;
  document: number;
  start: number;
  /** Position that the example was chosen for: the strongest token, or the one sampled for its interval. */
  peak: number;
  /** −1 = among the strongest, else the interval it was sampled for (0 = weakest). */
  interval: number;
  /** The same tokens around the peak stood in an earlier example of the feature. */
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
  /** Tokens that it fires on more than on others, by NPMI of the token and the firing; `count`: on how many of them it fired. */
  tokens: { id: number; text: string; npmi: number; count: number }[];
  examples: FeatureExample[];
}

/** What a search matched, strongest evidence first. */
export type SearchPlace = "peak" | "top tokens" | "near the peak" | "output tokens" | "examples";

export interface SearchHit {
  index: number;
  /** See `search.ts`; comparable within one query only. */
  score: number;
  where: SearchPlace[];
}

/** What {@link chooseReadable} judges a feature by. */
export interface FeatureCandidate extends FeatureSummary {
  /** The word that most often stands at the peak of the strongest examples, by activation; lower case, singular. */
  word: string;
  /** Mean of two shares of examples with that word at the peak: the strongest, by activation, and those of the intervals. */
  consistency: number;
  /** Strongest examples that are no repeats, and the documents that they come from. */
  examples: number;
  documents: number;
  /** Share of all tokens that read as the word (as the token of the strongest peak, where the word is longer than a token). */
  wordShare: number;
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
  /** Features for a word or several, best first, from the words at and near the peaks, examples and output tokens. Any text is a query. */
  search(query: string, limit: number): SearchHit[];
  /** Features in the order of a column. */
  list(options: {
    orderBy: "density" | "maximum" | "fired" | "index";
    descending: boolean;
    limit: number;
    offset: number;
    alive?: boolean;
  }): FeatureSummary[];
  /** Features that fired, with what tells whether a person can read them. */
  candidates(): FeatureCandidate[];
  /** x̄ of the training rows [d], for error shares. */
  readonly mean: Float32Array;
  /** How far a model's activations are from those in the atlas, by its own examples: see `example-drift.ts`. */
  drift(model: Model, signal?: AbortSignal): Promise<number | undefined>;
  /** Checks the content hash of every file; names the broken one. */
  verify(signal?: AbortSignal): Promise<void>;
  close(): void;
}
