import type { ColumnHistogram } from "./types.ts";

/** Counts the features that fired in bins between the least and the greatest value among them. */
export function columnHistogram(values: Float64Array | Float32Array, fired: Uint32Array, bins: number, log: boolean): ColumnHistogram {
  let [low, high, dead, zeros] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  const counted = (i: number): boolean => fired[i] !== 0 && (!log || (values[i] as number) > 0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (fired[i] === 0) dead++;
    else if (log && !(value > 0)) zeros++;
    else [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  if (low > high) return { edges: [], counts: [], dead, zeros };
  if (low === high) return { edges: [low, high], counts: [values.length - dead - zeros], dead, zeros };
  const [unit, back] = log ? [Math.log10, (x: number): number => 10 ** x] : [Number, Number];
  const [first, last] = [unit(low), unit(high)];
  const edges = Array.from({ length: bins + 1 }, (_, b) => back(first + ((last - first) * b) / bins));
  [edges[0], edges[bins]] = [low, high]; // so that a brush over all bins leaves nothing out
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    if (!counted(i)) continue;
    const value = values[i] as number;
    let bin = Math.min(bins - 1, Math.max(0, Math.floor(((unit(value) - first) / (last - first)) * bins)));
    // The edges are what a filter compares with, so they decide, not the rounding of a logarithm.
    while (bin > 0 && value < (edges[bin] as number)) bin--;
    while (bin < bins - 1 && value >= (edges[bin + 1] as number)) bin++;
    counts[bin] = (counts[bin] as number) + 1;
  }
  return { edges, counts, dead, zeros };
}
