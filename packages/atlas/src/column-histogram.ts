import type { ColumnHistogram } from "./types.ts";

/**
 * Counts the features that fired in bins between the least and the greatest value among them. `sorted` holds their values,
 * ascending; `features` is the number of all. A value on an edge belongs to the bin above, the greatest to the last.
 */
export function columnHistogram(sorted: Float64Array, features: number, bins: number, log: boolean): ColumnHistogram {
  const dead = features - sorted.length;
  const zeros = log ? firstPlace(sorted.length, (i) => (sorted[i] as number) > 0) : 0;
  const values = sorted.subarray(zeros);
  const [low, high] = [values[0], values.at(-1)];
  if (low === undefined || high === undefined) return { edges: [], counts: [], dead, zeros };
  if (low === high) return { edges: [low, high], counts: [values.length], dead, zeros };
  const [unit, back] = log ? [Math.log10, (x: number): number => 10 ** x] : [Number, Number];
  const [first, last] = [unit(low), unit(high)];
  const edges = Array.from({ length: bins + 1 }, (_, b) => back(first + ((last - first) * b) / bins));
  [edges[0], edges[bins]] = [low, high]; // so that a brush over all bins leaves nothing out
  const begins = edges.map((edge, b) => (b === bins ? values.length : firstPlace(values.length, (i) => (values[i] as number) >= edge)));
  const counts = Array.from({ length: bins }, (_, b) => (begins[b + 1] as number) - (begins[b] as number));
  return { edges, counts, dead, zeros };
}

/** The first of 0…n−1 from which on `holds` is true, n where it never is. */
export function firstPlace(n: number, holds: (i: number) => boolean): number {
  let [from, to] = [0, n];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
