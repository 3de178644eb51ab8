import type { Edit } from "./types.ts";

/**
 * An edit's arithmetic on one activation, readable: the reference that native code is tested against. `x` [d], unit
 * direction d̂ [d], a_i encoded from the unedited x, `value` in activation units (scale: a factor). The error term
 * x − x̂ stays. Source: science.md §2.9.
 */
export function applyEdit(x: ArrayLike<number>, direction: ArrayLike<number>, activation: number, op: Edit["op"], value: number): number[] {
  const amount = { clamp: value - activation, add: value, scale: (value - 1) * activation, ablate: -activation }[op];
  return Array.from(x, (v, i) => v + amount * (direction[i] ?? 0));
}
