import { LexiscopeError } from "@lexiscope/core";
import type { Metrics } from "@lexiscope/contract";
import { addRows, type ActivationStore } from "@lexiscope/activations";
import { withTask, type NativeDictionary } from "@lexiscope/native";

/** Rows of held-out documents, and their mean over the whole sample. */
export interface HeldOutSample {
  d: number;
  n: number;
  /** bf16 [n, d] */
  rows: Uint16Array;
  /** [d] */
  mean: Float32Array;
}

/** Rows of one call of the evaluation: bounded memory, and stopped soon when asked to. */
const evaluationRows = 8192;

/** Loads whole held-out contexts until there are `wanted` rows. Documents lie shuffled in a store, so the first ones are a fair sample. */
export async function loadHeldOut(store: ActivationStore, site: string, wanted: number): Promise<HeldOutSample> {
  const d = store.manifest.sites.find(({ name }) => name === site)?.d ?? 0;
  const counts = await store.rowCounts(site);
  const chosen: number[] = [];
  let n = 0;
  for (const id of await store.contextIds("heldOut")) {
    if (n >= wanted) break;
    chosen.push(id);
    n += counts[id] as number;
  }
  if (n === 0) throw noHeldOut(store);
  const rows = new Uint16Array(n * d);
  await store.copyRows(site, Uint32Array.from(chosen), rows, 0);
  const sum = new Float64Array(d);
  addRows(sum, rows, 0, n);
  return { d, n, rows, mean: Float32Array.from(sum, (value) => value / n) };
}

/** Refuses a store without held-out rows, before anything is made for it. */
export function requireHeldOut(store: ActivationStore): void {
  if (store.manifest.heldOut.rows === 0) throw noHeldOut(store);
}

function noHeldOut(store: ActivationStore): LexiscopeError {
  return new LexiscopeError(
    "invalid_input",
    `${store.path} has no held-out rows: every number about a dictionary is taken on documents that it was not trained on`,
    {
      file: store.path,
      hint: "harvest several documents, or one cut into several (`--split block` cuts at blank lines)",
    },
  );
}

/** FVU about the sample's mean and L0 (science.md §2.7) over at most `limit` rows. */
export async function reconstructionMetrics(
  dictionary: NativeDictionary,
  sample: HeldOutSample,
  signal: AbortSignal | undefined,
  limit = sample.n,
): Promise<Metrics> {
  let squaredError = 0;
  let squaredDeviation = 0;
  let active = 0;
  const n = Math.min(limit, sample.n);
  for (let from = 0; from < n; from += evaluationRows) {
    const rows = sample.rows.subarray(from * sample.d, Math.min(n, from + evaluationRows) * sample.d);
    const sums = await withTask(signal, (task) => dictionary.evaluate(rows, sample.mean, task));
    squaredError += sums.squaredError;
    squaredDeviation += sums.squaredDeviation;
    active += sums.active;
  }
  return {
    tokens: n,
    fvu: squaredError / squaredDeviation,
    l0: active / n,
    deltaCe: null,
    ceClean: null,
    cePatched: null,
    deltaCeMeanAblation: null,
  };
}

/** Rows on which each feature fires [F]. */
export async function firingCounts(
  dictionary: NativeDictionary,
  sample: HeldOutSample,
  signal: AbortSignal | undefined,
): Promise<Uint32Array> {
  const counts = new Uint32Array(dictionary.features);
  for (let from = 0; from < sample.n; from += evaluationRows) {
    const rows = sample.rows.subarray(from * sample.d, Math.min(sample.n, from + evaluationRows) * sample.d);
    const { fired } = await withTask(signal, (task) => dictionary.evaluate(rows, sample.mean, task));
    for (let i = 0; i < counts.length; i++) counts[i] = (counts[i] ?? 0) + (fired[i] ?? 0);
  }
  return counts;
}
