import type { FeatureCollection, Label, OverlayExport } from "@lexiscope/contract";

/** Most lists, features in one, labels, and labels that a search gives. */
export const overlayLimits = { lists: 1000, listFeatures: 100_000, labels: 1_000_000, found: 10_000 } as const;

export interface OverlayOptions {
  /** Features of the atlas: labels of others are refused. */
  features?: number | undefined;
  /** What to call the atlas in an export; its folder's name. */
  name?: string | undefined;
  now?: (() => Date) | undefined;
  /** How long a call waits, blocking, for another process that writes, ms (5,000). A server does not block: 0. */
  patience?: number | undefined;
}

/** What of a list changes: `features` replaces the members, then `remove` takes some out, then `add` adds at the end what is not in it. */
export interface ListChange {
  name?: string | undefined;
  note?: string | undefined;
  features?: readonly number[] | undefined;
  remove?: readonly number[] | undefined;
  add?: readonly number[] | undefined;
}

export interface ImportCounts {
  labels: number;
  lists: number;
  /** Older than what is there, empty, or of features that the atlas does not have. */
  skipped: number;
}

/**
 * People's own names, notes and lists for the features of one dictionary, in a file beside the atlas's folder. Every call
 * reads the file anew, so that several processes may have it open. Errors: `invalid_input` with the field, `not_found` for a
 * list that is not there, `busy` when another process writes for longer than `patience`, `bad_file`, `environment`.
 */
export interface Overlay {
  readonly path: string;
  /** SHA-256 of the dictionary's weights file, to which everything here is bound. */
  readonly identity: string;
  label(feature: number): Label | undefined;
  /** Labels of these features, for showing names in a list. */
  labelsOf(features: readonly number[]): Map<number, Label>;
  /** All, by feature. */
  labels(): Label[];
  /** Both empty = removed: nothing is given back. Surrounding space is not kept. */
  setLabel(feature: number, text: { name: string; note: string }): Label | undefined;
  /** Whether there was one. */
  removeLabel(feature: number): boolean;
  /** Labels with the query in the name or the note, whatever the case and accents, by feature; at most 10,000. */
  searchLabels(query: string): Label[];
  /** The features of `searchLabels`. */
  findLabels(query: string): number[];
  /** Features with a name, ascending. Not to be changed. */
  named(): readonly number[];
  /** All lists by name. */
  lists(): FeatureCollection[];
  list(id: string): FeatureCollection;
  /** Lists that hold a feature, by name. */
  listsWith(feature: number): { id: string; name: string }[];
  createList(input: { name: string; note?: string | undefined; features?: readonly number[] | undefined }): FeatureCollection;
  /** All of the change or nothing. Without any the list stays as it is. */
  changeList(id: string, change: ListChange): FeatureCollection;
  deleteList(id: string): void;
  /** Rows that were made for another dictionary that had the name of this one: kept, not applied. */
  counts(): { labels: number; lists: number; foreign: number };
  exportAll(): OverlayExport;
  /**
   * Takes in an export. `merge`: the newer of two labels of a feature, of two lists with one id, stays; `replace`: what is
   * here goes first. One transaction, on a connection of its own: nothing is changed when it fails, readers see the state
   * before until it is done, other writes are `busy`. One for another dictionary is a `mismatch` unless `force`.
   */
  importAll(json: unknown, mode: "merge" | "replace", options?: { force?: boolean | undefined }): Promise<ImportCounts>;
  close(): void;
}
