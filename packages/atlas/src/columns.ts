import { LexiscopeError } from "@lexiscope/core";
import { columnHistogram, firstPlace } from "./column-histogram.ts";
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
/** A page that ends within this part of what passes is found by looking from the start; for a deeper one all is set down. */
const nearShare = 8;
/** A range that holds less than this part of all features is sorted by itself. */
const fewShare = 32;

/** Sorting, filtering and counting over columns. Nothing here makes an object a feature. */
export interface ColumnIndex {
  /** Features that pass, in order; with `among` only these, each once. Not to be changed: it may be kept. */
  select(orderBy: ColumnOrder, descending: boolean, filter: ColumnFilter, among?: ArrayLike<number>): Uint32Array;
  /** `select`, as far as one page of it. */
  page(
    orderBy: ColumnOrder,
    descending: boolean,
    filter: ColumnFilter,
    page: { offset: number; limit: number },
  ): { total: number; indices: Uint32Array };
  /** Those of `among` that pass, in their own order. */
  passing(filter: ColumnFilter, among: readonly number[]): number[];
  histogram(column: RangeColumn, bins: number, log: boolean): ColumnHistogram;
}

export function columnIndex(columns: FeatureColumns): ColumnIndex {
  const features = columns.fired.length;
  const orders = new Map<string, Uint32Array>();
  const rankings = new Map<string, Uint32Array>();
  const selections = new Map<string, Uint32Array>();
  const fired = new Map<RangeColumn, Float64Array>();
  const histograms = new Map<string, ColumnHistogram>();
  // Used anew by every request: megabytes that each would otherwise leave to the garbage collector.
  const mask = new Uint8Array(features);
  const selected = new Uint32Array(features);

  // A density is a feature's count over that of all tokens: the same order, and exact.
  const keyOf = (orderBy: ColumnOrder, descending: boolean): string => `${orderBy === "density" ? "fired" : orderBy} ${descending}`;

  function order(orderBy: ColumnOrder, descending: boolean): Uint32Array {
    const column = orderBy === "density" ? "fired" : orderBy;
    return remembered(orders, keyOf(orderBy, descending), () =>
      column === "index" ? identityOrder(features, descending) : radixOrder(sortKeys(columns[column], descending)),
    );
  }

  /** [F] Each feature's place in the order. */
  function ranks(orderBy: ColumnOrder, descending: boolean): Uint32Array {
    return remembered(rankings, keyOf(orderBy, descending), () => {
      const places = new Uint32Array(features);
      const all = order(orderBy, descending);
      for (let place = 0; place < features; place++) places[all[place] as number] = place;
      return places;
    });
  }

  /** Values of those that fired, ascending. */
  function firedValues(column: RangeColumn): Float64Array {
    return remembered(fired, column, () => {
      const values = new Float64Array(features);
      let count = 0;
      for (const index of order(column, false)) if (columns.fired[index] !== 0) values[count++] = columns[column][index] as number;
      return values.slice(0, count);
    });
  }

  function passes(filter: ColumnFilter): (index: number) => boolean {
    const { alive } = filter;
    const ranges = rangesOf(filter, columns);
    const members = filter.indices && (filter.indices instanceof Set ? filter.indices : new Set(filter.indices));
    return (index) =>
      index >= 0 &&
      index < features &&
      (alive === undefined || (columns.fired[index] as number) > 0 === alive) &&
      (members === undefined || members.has(index)) &&
      ranges.every(({ values, low, high }) => (values[index] as number) >= low && (values[index] as number) <= high);
  }

  /** Few features: their places in the order are sorted, instead of the whole order being walked. */
  function selectAmong(orderBy: ColumnOrder, descending: boolean, filter: ColumnFilter, among: ArrayLike<number>): Uint32Array {
    const pass = passes(filter);
    const [all, places] = [order(orderBy, descending), ranks(orderBy, descending)];
    const found: number[] = [];
    for (let i = 0; i < among.length; i++) if (pass(among[i] as number)) found.push(places[among[i] as number] as number);
    const sorted = Uint32Array.from(found).sort();
    return sorted.filter((place, i) => i === 0 || place !== sorted[i - 1]).map((place) => all[place] as number);
  }

  /** Marks in `mask` what passes, column after column, which is how memory likes to be read. How many do. */
  function mark(filter: ColumnFilter): number {
    mask.fill(1);
    const { alive } = filter;
    if (alive !== undefined) for (let i = 0; i < features; i++) if ((columns.fired[i] as number) > 0 !== alive) mask[i] = 0;
    for (const { values, low, high } of rangesOf(filter, columns)) {
      for (let i = 0; i < features; i++) {
        const value = values[i] as number;
        // Without a branch, which would be guessed wrong half of the time.
        mask[i] = (mask[i] as number) & (value >= low ? 1 : 0) & (value <= high ? 1 : 0);
      }
    }
    let count = 0;
    for (let i = 0; i < features; i++) count += mask[i] as number;
    return count;
  }

  /** Marked features in order, as far as the `most`-th. */
  function takeMarked(all: Uint32Array, most: number): Uint32Array {
    let count = 0;
    for (let i = 0; i < features && count < most; i++) {
      const index = all[i] as number;
      selected[count] = index;
      count += mask[index] as number;
    }
    return selected.slice(0, count);
  }

  /** Features in order that pass, as far as the `most`-th. */
  function take(all: Uint32Array, most: number, pass: (index: number) => boolean): Uint32Array {
    let count = 0;
    for (let i = 0; i < features && count < most; i++) if (pass(all[i] as number)) selected[count++] = all[i] as number;
    return selected.slice(0, count);
  }

  /** What needs no looking through: all of an order, a stretch of it, few of it, or what was asked before. */
  function known(orderBy: ColumnOrder, descending: boolean, filter: ColumnFilter, among?: ArrayLike<number>): Uint32Array | undefined {
    if (among ?? filter.indices) return selectAmong(orderBy, descending, filter, among ?? Uint32Array.from(filter.indices ?? []));
    const ranges = rangesOf(filter, columns);
    const [only] = ranges;
    if (filter.alive === undefined && ranges.length === 0) return order(orderBy, descending);
    if (filter.alive === undefined && ranges.length === 1 && only?.column === orderBy)
      return stretch(order(orderBy, descending), only, descending);
    const kept = selections.get(selectionKey(orderBy, descending, filter));
    if (kept) return kept;
    const [narrowest] = ranges.map((range) => stretch(order(range.column, false), range, false)).sort((a, b) => a.length - b.length);
    return narrowest && narrowest.length <= features / fewShare ? selectAmong(orderBy, descending, filter, narrowest) : undefined;
  }

  function keep(orderBy: ColumnOrder, descending: boolean, filter: ColumnFilter, count: number): Uint32Array {
    const selection = takeMarked(order(orderBy, descending), count);
    selections.set(selectionKey(orderBy, descending, filter), selection);
    const [oldest] = selections.keys();
    if (selections.size > keptSelections && oldest !== undefined) selections.delete(oldest);
    return selection;
  }

  return {
    passing: (filter, among) => among.filter(passes(filter)),
    select: (orderBy, descending, filter, among) =>
      known(orderBy, descending, filter, among) ?? keep(orderBy, descending, filter, mark(filter)),
    page: (orderBy, descending, filter, { offset, limit }) => {
      const selection = known(orderBy, descending, filter);
      if (selection) return { total: selection.length, indices: selection.subarray(offset, offset + limit) };
      const [only, ...others] = rangesOf(filter, columns);
      const counted =
        only && others.length === 0 && filter.alive === undefined ? stretch(order(only.column, false), only, false).length : undefined;
      // While a brush is drawn, every range is a new one and only its first page is looked at.
      const isNear = (total: number): boolean => (offset + limit) * nearShare <= total;
      if (counted !== undefined && isNear(counted)) {
        const found = take(order(orderBy, descending), offset + limit, passes(filter));
        return { total: counted, indices: found.subarray(offset) };
      }
      const total = mark(filter);
      const found = isNear(total) ? takeMarked(order(orderBy, descending), offset + limit) : keep(orderBy, descending, filter, total);
      return { total, indices: found.subarray(offset, offset + limit) };
    },
    histogram: (column, bins, log) => {
      if (!Number.isInteger(bins) || bins < 1 || bins > maxBins)
        throw new LexiscopeError("invalid_input", `bins is ${bins}; it must be a whole number from 1 to ${maxBins}`, { field: "bins" });
      const known = remembered(histograms, `${column} ${bins} ${log}`, () => columnHistogram(firedValues(column), features, bins, log));
      return { ...known, edges: [...known.edges], counts: [...known.counts] };
    },
  };
}

function selectionKey(orderBy: ColumnOrder, descending: boolean, { density, maximum, effect, alive }: ColumnFilter): string {
  return JSON.stringify([orderBy, descending, density, maximum, effect, alive]);
}

function remembered<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

interface Range {
  column: RangeColumn;
  values: Float64Array | Float32Array;
  low: number;
  high: number;
}

function rangesOf(filter: ColumnFilter, columns: FeatureColumns): Range[] {
  return rangeColumns.flatMap((column) => {
    const range = filter[column];
    if (!range) return [];
    checkRange(column, range);
    const values = columns[column];
    // What people see of an f32 is its shortest decimal; as an end of a range it means that f32.
    const [low, high] = values instanceof Float32Array ? [Math.fround(range[0]), Math.fround(range[1])] : range;
    return [{ column, values, low, high }];
  });
}

/** A range of the very column that the order goes by lies together. */
function stretch(all: Uint32Array, { values, low, high }: Range, descending: boolean): Uint32Array {
  const value = (place: number): number => values[all[place] as number] as number;
  const from = firstPlace(all.length, (place) => (descending ? value(place) <= high : value(place) >= low));
  const to = firstPlace(all.length, (place) => (descending ? value(place) < low : value(place) > high));
  return all.subarray(from, to);
}

function checkRange(column: RangeColumn, range: readonly [number, number]): void {
  if (!(range[0] <= range[1]))
    throw new LexiscopeError("invalid_input", `the range of ${column} is ${range[0]} to ${range[1]}; it must rise`, { field: column });
}
