import type { AtlasManifest } from "@lexiscope/contract";
import type { Dictionary } from "@lexiscope/dictionary";
import type { Model } from "@lexiscope/model";

export interface FeatureExample {
  /** Text ids of the context, or of the window around the peak that was asked for. */
  tokens: Int32Array;
  /** The text of each token. */
  texts: string[];
  /** a_i at each of these tokens; 0 where it was silent or left out. */
  activations: Float32Array;
  document: number;
  /** Offset of the context's first token in the document. */
  start: number;
  /** Position in the context of the first token given, and how many tokens the context has: 0 and all, unless a window was asked for. */
  from: number;
  length: number;
  /** Index into `tokens` of the one that the example was chosen for: the strongest, or the one sampled for its interval. */
  peak: number;
  /** −1 = among the strongest, else the interval it was sampled for (0 = weakest). */
  interval: number;
  /** The same tokens around the peak stood in an earlier example of the feature. */
  repeat: boolean;
}

/** Tokens on either side of a peak. */
export interface ExampleWindow {
  before: number;
  after: number;
}

export interface TokenEffect {
  id: number;
  text: string;
  /** Direct logit effect: W_U·(γ⊙d̂) minus its mean over the vocabulary; later layers are ignored. */
  value: number;
}

/** What the store says about a feature in numbers. */
export interface FeatureStatistics {
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

export interface FeatureSummary extends FeatureStatistics {
  /** Largest direct logit effect (see {@link TokenEffect}) among all output tokens; 0 when it raises none. */
  effect: number;
  /** The word that most often stands at the peak of the strongest examples, by activation; lower case, singular. */
  word: string;
  /** Text of the output token that it raises most; empty when it raises none. */
  topOutput: string;
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
  /** Mean of two shares of examples with that word at the peak: the strongest, by activation, and those of the intervals. */
  consistency: number;
  /** Strongest examples that are no repeats, and the documents that they come from. */
  examples: number;
  documents: number;
  /** Share of all tokens that read as the word (as the token of the strongest peak, where the word is longer than a token). */
  wordShare: number;
}

export type FeatureOrder = "readability" | "density" | "maximum" | "effect" | "fired" | "index" | "relevance";

/** What a list is narrowed to; ranges hold both ends. Everything given must be true of a feature. */
export interface FeatureFilter {
  /** Only what a search for this finds. */
  query?: string | undefined;
  /** Count only these kinds of evidence of the search. */
  in?: readonly SearchPlace[] | undefined;
  /** Features that the query finds elsewhere, in names and notes of people's own: listed beside the search's, before them by relevance. */
  named?: readonly number[] | undefined;
  density?: readonly [number, number] | undefined;
  maximum?: readonly [number, number] | undefined;
  effect?: readonly [number, number] | undefined;
  alive?: boolean | undefined;
  /** Members of a list. */
  indices?: ReadonlySet<number> | Uint32Array | undefined;
}

export interface ListOptions {
  /** `relevance` needs a query. Ties go by index, ascending. */
  orderBy: FeatureOrder;
  descending: boolean;
  /** At most 1,000. */
  limit: number;
  offset: number;
  filter?: FeatureFilter | undefined;
}

export interface ListedFeature extends FeatureSummary {
  /** With a query: what matched. */
  hit?: Omit<SearchHit, "index">;
}

export interface FeatureList {
  /** Features that pass the filter; the items are a page of them. */
  total: number;
  /** The query has more hits than were looked at (10,000, or the strongest for a word that stands for more features). */
  truncated: boolean;
  items: ListedFeature[];
}

export interface ColumnHistogram {
  /** [bins + 1], in the column's own unit; evenly spaced in its logarithm when `log`. Bins hold their lower edge, the last both. */
  edges: number[];
  counts: number[];
  /** Features that never fired: in no bin. */
  dead: number;
  /** With `log`: features that fired but have 0 in the column: in no bin either. */
  zeros: number;
}

/** A dictionary with its index, open for reading. */
export interface Atlas {
  readonly path: string;
  readonly manifest: AtlasManifest;
  /** Opens the dictionary inside on first use. */
  dictionary(signal?: AbortSignal): Promise<Dictionary>;
  /** With a window, examples are cropped to it around their peaks. */
  feature(index: number, options?: { window?: ExampleWindow | undefined }): Promise<FeatureRecord>;
  /** Example `n` of a feature, as `feature` counts them. */
  example(index: number, n: number, options?: { window?: ExampleWindow | undefined }): Promise<FeatureExample>;
  summary(index: number): FeatureSummary;
  summaries(indices: readonly number[]): FeatureSummary[];
  /** Text of a token of the examples, without the model; undefined for one that stands in none. */
  tokenText(id: number): string | undefined;
  /** Features for a word or several, best first, from the words at and near the peaks, examples and output tokens. Any text is a query. */
  search(query: string, limit: number): SearchHit[];
  /** A page of features, ordered and filtered. */
  list(options: ListOptions): FeatureList;
  /** How a column is spread over the features that fired. */
  histogramOf(column: "density" | "maximum" | "effect", bins: number, options?: { log?: boolean | undefined }): ColumnHistogram;
  /** {@link histogramOf} of the density, in 40 bins of its logarithm. */
  densityHistogram(): ColumnHistogram;
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
