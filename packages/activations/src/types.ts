import type { StoreManifest } from "@lexiscope/contract";

export interface Document {
  text: string;
  /** Where it comes from, for the manifest and for people. */
  source: string;
}

/** Text as documents, in a fixed order: the same source gives the same documents every time. */
export interface TextSource {
  readonly name: string;
  /** Share of the tokens that this source should give, relative to the others. */
  readonly weight: number;
  readonly licence: string | undefined;
  documents(signal?: AbortSignal): AsyncIterable<Document>;
}

/** One context window as the store has it. */
export interface StoredContext {
  /** Ordinal over the whole store. */
  id: number;
  document: number;
  /** Offset of its first token in the document's tokens. */
  start: number;
  tokens: Int32Array;
  heldOut: boolean;
}

/** Rows of one shard at one site: bf16 [n, d], outliers already left out. Row r is token `positions[r]` of context `contexts[r]`. */
export interface StoredRows {
  rows: Uint16Array;
  contexts: Uint32Array;
  positions: Uint32Array;
}

/** An activation store open for reading. Every shard's hash is checked when it is first read. */
export interface ActivationStore {
  readonly path: string;
  readonly manifest: StoreManifest;
  /** Contexts of shard s. */
  contexts(shard: number): Promise<StoredContext[]>;
  /** Rows of shard s at a site; `split` chooses training or held-out documents, or all. */
  rows(shard: number, site: string, split: "train" | "heldOut" | "all"): Promise<StoredRows>;
  /** One context by its id (for showing an example with its text). */
  context(id: number): Promise<StoredContext>;
  /** Which tokens of a context count under the store's rule, before norms: one byte a token. */
  verify(signal?: AbortSignal): Promise<void>;
}
