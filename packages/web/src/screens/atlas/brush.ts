import type { Histogram } from "@lexiscope/contract";
import type { Range } from "./list-view.ts";

/** A stretch of bins: from the first, to one past the last. */
export interface Span {
  from: number;
  to: number;
}

/** The bins that a range of values takes in; an open side reaches to the end. */
export function spanOfRange(edges: readonly number[], range: Range | undefined): Span {
  const bins = Math.max(0, edges.length - 1);
  const [low, high] = range ?? [undefined, undefined];
  const near = (value: number): number => {
    let best = 0;
    for (let i = 1; i <= bins; i++) if (Math.abs((edges[i] ?? 0) - value) < Math.abs((edges[best] ?? 0) - value)) best = i;
    return best;
  };
  return { from: low === undefined ? 0 : near(low), to: high === undefined ? bins : near(high) };
}

/** The values of a span's edges; a side at the end is open, and all of it is no range. */
export function rangeOfSpan(edges: readonly number[], { from, to }: Span): Range | undefined {
  const bins = edges.length - 1;
  const low = from <= 0 ? undefined : edges[from];
  const high = to >= bins ? undefined : edges[to];
  return low === undefined && high === undefined ? undefined : [low, high];
}

/** From two ends of a drag in any order, at least one bin. */
export function spanOfDrag(a: number, b: number, bins: number): Span {
  const hold = (x: number): number => Math.max(0, Math.min(bins, x));
  const from = Math.min(bins - 1, Math.floor(hold(Math.min(a, b))));
  return { from, to: Math.max(from + 1, Math.ceil(hold(Math.max(a, b)))) };
}

export function countInSpan({ counts }: Pick<Histogram, "counts">, { from, to }: Span): number {
  return counts.slice(from, to).reduce((sum, count) => sum + count, 0);
}
