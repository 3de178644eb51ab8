import type { StoreManifest } from "@lexiscope/contract";

export interface Document {
  text: string;
  /** Name of the source it comes from, for the manifest and for people. */
  source: string;
  /** The work that it is part of (a speech, a chapter): the held-out split never divides a work. Absent: itself. */
  work?: string;
  /** Special tokens written in the text are read as such (rendered chats). Otherwise they are plain text. */
  rendered?: boolean;
  /** Invalid bytes that became U+FFFD when the text was read. */
  replaced?: number;
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

export type Split = "train" | "heldOut" | "all";

/** Rows of one shard at one site: bf16 [n, d], outliers already left out. Row r is token `positions[r]` of context `contexts[r]` (its id). */
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
  rows(shard: number, site: string, split: Split): Promise<StoredRows>;
  /** One context by its id (for showing an example with its text). */
  context(id: number): Promise<StoredContext>;
  /** Ids of the contexts of a split, ascending. */
  contextIds(split: Split): Promise<Uint32Array>;
  /** Rows that each context has at a site, outliers left out: [contexts]. */
  rowCounts(site: string): Promise<Uint32Array>;
  /** Copies the rows of contexts `ids` into `target` from row `at` on, in the order of `ids`; returns how many rows. */
  copyRows(site: string, ids: Uint32Array, target: Uint16Array, at: number): Promise<number>;
  /** Checks the content hash of every shard. */
  verify(signal?: AbortSignal): Promise<void>;
}
