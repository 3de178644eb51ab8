import type { ActivationStore } from "@lexiscope/activations";
import { RateMeter, throwIfAborted, type ProgressEvent } from "@lexiscope/core";
import type { Dictionary } from "@lexiscope/dictionary";
import { loadAddon, withTask, type NativeIndexResult } from "@lexiscope/native";
import type { BuildSettings } from "./build-options.ts";

/** Rows handed to the native side at once: how often progress is told. Whole contexts, so a little more. */
const rowsAtOnce = 16_384;
/** Tokens reported per feature. */
const topTokens = 24;

export interface PassResult {
  result: NativeIndexResult;
  contexts: number;
  /** How often each token id stands in the store. */
  tokenCounts: Float64Array;
}

/** The one pass over the store's activations. */
export async function* indexPass(
  store: ActivationStore,
  dictionary: Dictionary,
  vocabulary: number,
  settings: BuildSettings,
  signal: AbortSignal | undefined,
): AsyncGenerator<ProgressEvent, PassResult, void> {
  const { site, d, features } = dictionary.manifest;
  const indexer = new (loadAddon().Indexer)({
    features,
    top: settings.top,
    intervals: settings.intervals,
    perInterval: settings.perInterval,
    coactivation: settings.neighbours,
    tokens: topTokens,
    seed: settings.seed,
  });
  const tokenCounts = new Float64Array(vocabulary);
  const rate = new RateMeter();
  const total = store.manifest.rows;
  let [done, contexts] = [0, 0];
  for (let shard = 0; shard < store.manifest.shards.length; shard++) {
    const tokensOf = new Map<number, Int32Array>();
    for (const context of await store.contexts(shard)) {
      tokensOf.set(context.id, context.tokens);
      contexts++;
      for (const token of context.tokens) tokenCounts[token] = (tokenCounts[token] ?? 0) + 1;
    }
    const stored = await store.rows(shard, site, "all");
    const ids = Uint32Array.from(stored.contexts, (context, r) => tokensOf.get(context)?.[stored.positions[r] ?? 0] ?? 0);
    for (let from = 0; from < stored.contexts.length;) {
      throwIfAborted(signal);
      let to = Math.min(from + rowsAtOnce, stored.contexts.length);
      while (to < stored.contexts.length && stored.contexts[to] === stored.contexts[to - 1]) to++;
      const [a, b] = [from, to];
      await withTask(signal, (task) =>
        indexer.add(
          dictionary.native,
          stored.rows.subarray(a * d, b * d),
          stored.contexts.subarray(a, b),
          stored.positions.subarray(a, b),
          ids.subarray(a, b),
          task,
        ),
      );
      done += to - from;
      from = to;
      yield { phase: "index", done, total, unit: "tokens", rate: rate.update(done) };
    }
  }
  const result = await withTask(signal, (task) => indexer.finish(task));
  return { result, contexts, tokenCounts };
}
