import { keepMask, type ActivationStore, type StoredContext } from "@lexiscope/activations";
import { LexiscopeError } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { withTask, type NativeDictionary } from "@lexiscope/native";

/** What stands in place of x at the kept positions of a site. */
export type Patch = { kind: "none" } | { kind: "reconstruction"; dictionary: NativeDictionary } | { kind: "mean"; mean: Float32Array };

/** Tokens of one run of the model. */
const batchTokens = 2048;

/** Held-out contexts with about `tokens` tokens. */
export async function lossContexts(store: ActivationStore, tokens: number): Promise<StoredContext[]> {
  const contexts: StoredContext[] = [];
  let have = 0;
  for (const id of await store.contextIds("heldOut")) {
    if (have >= tokens) break;
    const context = await store.context(id);
    contexts.push(context);
    have += context.tokens.length;
  }
  return contexts;
}

/**
 * Cross-entropy of the next token in nats, the mean over kept positions that have one. The site is patched at kept
 * positions only, and tokens beyond the store's norm limit keep their activation, as in every other number.
 */
export async function patchedLoss(options: {
  model: Model;
  store: ActivationStore;
  site: string;
  contexts: readonly StoredContext[];
  patch: Patch;
  signal: AbortSignal | undefined;
}): Promise<{ ce: number; tokens: number }> {
  const { model, store, site, patch, signal } = options;
  const { keep, sites } = store.manifest;
  const maxNorm = (sites.find(({ name }) => name === site)?.medianNorm ?? Infinity) * keep.maxNormOverMedian;
  let sum = 0;
  let count = 0;
  for (const batch of batches(options.contexts)) {
    const lengths = Int32Array.from(batch, ({ tokens }) => tokens.length);
    const tokens = Int32Array.from(batch.flatMap((context) => [...context.tokens]));
    const mask = Uint8Array.from(batch.flatMap((context) => [...keepMask(context.tokens, keep, model.tokenizer.specialIds)]));
    const edit = { site, mask, maxNorm };
    const edits =
      patch.kind === "none"
        ? []
        : patch.kind === "mean"
          ? [{ ...edit, op: "replace" as const, vector: patch.mean }]
          : [{ ...edit, op: "reconstruct" as const, dictionary: patch.dictionary }];
    const { nll } = await withTask(signal, (task) =>
      model.native.forward({ tokens, lengths, taps: [], edits, logits: "nll", top: 0 }, task),
    );
    const { sum: batchSum, count: batchCount } = sumLosses(nll ?? new Float32Array(), lengths, mask, site);
    sum += batchSum;
    count += batchCount;
  }
  return { ce: sum / Math.max(1, count), tokens: count };
}

/**
 * Sum and number of the losses [T] at kept positions. The last position of a sequence has no next token, and NaN for it;
 * NaN anywhere else is a model or a dictionary that computes none, and an error.
 */
export function sumLosses(nll: Float32Array, lengths: Int32Array, mask: Uint8Array, site: string): { sum: number; count: number } {
  let [sum, count, start] = [0, 0, 0];
  for (const length of lengths) {
    for (let i = start; i < start + length - 1; i++) {
      const value = nll[i] ?? NaN;
      if (Number.isNaN(value))
        throw new LexiscopeError("bad_file", `the model's loss is not a number at position ${i - start} of a held-out context`, {
          field: site,
          hint: "the weights of the model or of the dictionary hold NaN or infinite values; open them anew from their source",
        });
      if (mask[i] === 0) continue;
      sum += value;
      count++;
    }
    start += length;
  }
  return { sum, count };
}

function* batches(contexts: readonly StoredContext[]): Generator<StoredContext[]> {
  let batch: StoredContext[] = [];
  let tokens = 0;
  for (const context of contexts) {
    if (batch.length > 0 && tokens + context.tokens.length > batchTokens) {
      yield batch;
      batch = [];
      tokens = 0;
    }
    batch.push(context);
    tokens += context.tokens.length;
  }
  if (batch.length > 0) yield batch;
}
