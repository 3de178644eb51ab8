import type { StoreManifest, TrainConfig } from "@lexiscope/contract";

/** s in x = s·raw. `rms`: s = √(d / E‖raw‖²), so that E‖x‖² = d (science.md §2.1). */
export function inputScale(kind: TrainConfig["normalise"], d: number, meanSquaredNorm: number): number {
  return kind === "none" ? 1 : Math.sqrt(d / meanSquaredNorm);
}

/** Weiszfeld's iteration ends after this many rounds, or when the point moves by less than 1e-5 of the data's spread. */
const maxRounds = 100;
const tolerance = 1e-5;

/**
 * Geometric median of `rows` [n, d]: the point with the least sum of distances (Weiszfeld). A row on which the guess
 * falls counts with a bounded weight, so nothing divides by zero (fixtures F30b).
 */
export function geometricMedian(rows: Float32Array, d: number): Float32Array {
  const n = rows.length / d;
  let guess = new Float64Array(d);
  for (let r = 0; r < n; r++) for (let j = 0; j < d; j++) guess[j] = (guess[j] as number) + (rows[r * d + j] as number) / n;
  const spread = meanDistance(rows, guess, d);
  for (let round = 0; round < maxRounds && spread > 0; round++) {
    const next = new Float64Array(d);
    let weights = 0;
    for (let r = 0; r < n; r++) {
      const weight = 1 / Math.max(distance(rows, guess, r, d), 1e-9 * spread);
      weights += weight;
      for (let j = 0; j < d; j++) next[j] = (next[j] as number) + weight * (rows[r * d + j] as number);
    }
    let moved = 0;
    for (let j = 0; j < d; j++) {
      next[j] = (next[j] as number) / weights;
      moved += ((next[j] as number) - (guess[j] as number)) ** 2;
    }
    guess = next;
    if (Math.sqrt(moved) < tolerance * spread) break;
  }
  return Float32Array.from(guess);
}

function distance(rows: Float32Array, point: Float64Array, r: number, d: number): number {
  let sum = 0;
  for (let j = 0; j < d; j++) sum += ((rows[r * d + j] as number) - (point[j] as number)) ** 2;
  return Math.sqrt(sum);
}

function meanDistance(rows: Float32Array, point: Float64Array, d: number): number {
  const n = rows.length / d;
  let sum = 0;
  for (let r = 0; r < n; r++) sum += distance(rows, point, r, d);
  return sum / n;
}

/** Statistics of a store at one site. */
export type SiteStatistics = StoreManifest["sites"][number];
