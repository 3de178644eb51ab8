/** The largest value of each of `buckets` equal stretches: a text of any length as a strip of fixed width. */
export function largestByBucket(values: readonly number[], buckets: number): number[] {
  const count = Math.min(buckets, values.length);
  const largest = new Array<number>(count).fill(0);
  values.forEach((value, i) => {
    const bucket = Math.min(count - 1, Math.floor((i * count) / values.length));
    largest[bucket] = Math.max(largest[bucket] ?? 0, value);
  });
  return largest;
}
