/** log Σ exp over a vector: the readable reference. */
export function logSumExp(values: ArrayLike<number>): number {
  const all = Array.from(values);
  const max = all.reduce((a, b) => Math.max(a, b), -Infinity);
  return max + Math.log(all.reduce((sum, value) => sum + Math.exp(value - max), 0));
}
