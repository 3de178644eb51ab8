import { LexiscopeError } from "@lexiscope/core";
import { columnHistogram } from "./column-histogram.ts";
import { identityOrder, radixOrder, sortKeys } from "./radix-order.ts";
import type { ColumnHistogram, FeatureFilter, FeatureOrder } from "./types.ts";

/** What lists are sorted and filtered by, [F] each, in memory. */
export interface FeatureColumns {
  density: Float64Array;
  fired: Uint32Array;
  maximum: Float32Array;
  effect: Float32Array;
  /** See `readability`. */
  readability: Float32Array;
}

/** How the columns lie in the database. */
export const columnTypes = {
  density: Float64Array,
  fired: Uint32Array,
  maximum: Float32Array,
  effect: Float32Array,
  readability: Float32Array,
} as const;
export const columnNames = ["density", "fired", "maximum", "effect", "readability"] as const satisfies (keyof FeatureColumns)[];

type RangeColumn = "density" | "maximum" | "effect";
const rangeColumns = ["density", "maximum", "effect"] as const satisfies RangeColumn[];
type ColumnOrder = Exclude<FeatureOrder, "relevance">;
export type ColumnFilter = Omit<FeatureFilter, "query" | "in" | "named">;

const maxBins = 1000;
/** Filtered orders kept: the pages of a list that is being scrolled ask for the same one again and again. */
const keptSelections = 16;

/** Sorting, filtering and counting over columns. Nothing here makes an object a feature. */
export interface ColumnIndex {
  /** Features that pass, in order. `mask` [F] narrows them further; what has one is not kept. */
  select(orderBy: ColumnOrder, descending: boolean, filter: ColumnFilter, mask?: Uint8Array): Uint32Array;
  /** [F] 1 for each feature that passes. */
  passing(filter: ColumnFilter): Uint8Array;
  histogram(column: RangeColumn, bins: number, log: boolean): ColumnHistogram;
}

export function columnIndex(columns: FeatureColumns): ColumnIndex {
  const features = columns.fired.length;
  const orders = new Map<string, Uint32Array>();
  const selections = new Map<string, Uint32Array>();
  const histograms = new Map<string, ColumnHistogram>();

  function order(orderBy: ColumnOrder, descending: boolean): Uint32Array {
    // A density is a feature's count over that of all tokens: the same order, and exact.
    const column = orderBy === "density" ? "fired" : orderBy;
    const key = `${column} ${descending}`;
    let known = orders.get(key);
    if (!known) {
      known = column === "index" ? identityOrder(features, descending) : radixOrder(sortKeys(columns[column], descending));
      orders.set(key, known);
    }
    return known;
  }

  /** [F] 1 for each feature that passes; column after column, which is how memory likes to be read. */
  function passing(filter: ColumnFilter, within: Uint8Array | undefined): Uint8Array {
    const { indices, alive } = filter;
    const mask = indices ? maskOf(indices, features, within) : (within?.slice() ?? new Uint8Array(features).fill(1));
    const { fired } = columns;
    if (alive !== undefined) for (let i = 0; i < features; i++) if ((fired[i] as number) > 0 !== alive) mask[i] = 0;
    for (const column of rangeColumns) {
      const range = filter[column];
      if (!range) continue;
      checkRange(column, range);
      const values = columns[column];
      // What people see of an f32 is its shortest decimal; as an end of a range it means that f32.
      const [low, high] = values instanceof Float32Array ? [Math.fround(range[0]), Math.fround(range[1])] : range;
      for (let i = 0; i < features; i++) {
        const value = values[i] as number;
        if (!(value >= low && value <= high)) mask[i] = 0;
      }
    }
    return mask;
  }

  return {
    passing: (filter) => passing(filter, undefined),
    select: (orderBy, descending, filter, mask) => {
      const { indices, density, maximum, effect, alive } = filter;
      const all = order(orderBy, descending);
      if ((density ?? maximum ?? effect ?? alive ?? indices ?? mask) === undefined) return all;
      const key = indices || mask ? undefined : JSON.stringify([orderBy, descending, density, maximum, effect, alive]);
      const known = key === undefined ? undefined : selections.get(key);
      if (known) return known;
      const allowed = passing(filter, mask);
      const selected = new Uint32Array(features);
      let count = 0;
      for (let i = 0; i < features; i++) {
        const index = all[i] as number;
        if (allowed[index] === 1) selected[count++] = index;
      }
      const result = selected.slice(0, count);
      if (key !== undefined) {
        selections.set(key, result);
        const [oldest] = selections.keys();
        if (selections.size > keptSelections && oldest !== undefined) selections.delete(oldest);
      }
      return result;
    },
    histogram: (column, bins, log) => {
      if (!Number.isInteger(bins) || bins < 1 || bins > maxBins)
        throw new LexiscopeError("invalid_input", `bins is ${bins}; it must be a whole number from 1 to ${maxBins}`, { field: "bins" });
      const key = `${column} ${bins} ${log}`;
      const known = histograms.get(key) ?? columnHistogram(columns[column], columns.fired, bins, log);
      histograms.set(key, known);
      return { ...known, edges: [...known.edges], counts: [...known.counts] };
    },
  };
}

function checkRange(column: RangeColumn, range: readonly [number, number]): void {
  if (!(range[0] <= range[1]))
    throw new LexiscopeError("invalid_input", `the range of ${column} is ${range[0]} to ${range[1]}; it must rise`, { field: column });
}

/** [F] 1 for each of `indices` that `within` holds too; what is no feature is passed over. */
export function maskOf(indices: Iterable<number>, features: number, within?: Uint8Array): Uint8Array {
  const mask = new Uint8Array(features);
  for (const index of indices) if (index >= 0 && index < features && (!within || within[index] === 1)) mask[index] = 1;
  return mask;
}
