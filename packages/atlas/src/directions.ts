import { RateMeter, throwIfAborted, type ProgressEvent } from "@lexiscope/core";
import type { Dictionary } from "@lexiscope/dictionary";
import type { Model } from "@lexiscope/model";
import { loadAddon, withTask } from "@lexiscope/native";
import type { TokenEffect } from "./types.ts";

/** Features whose direction is worked on at once: how often progress is told. */
const effectsAtOnce = 256;
const neighboursAtOnce = 1024;
/** Output tokens kept at either end. */
const outputs = 20;

/** Text of a token for people; ids that the tokenizer lacks (padding of the vocabulary) as numbers. */
export function tokenTextOf(model: Model, id: number): string {
  return id < model.tokenizer.size ? model.tokenizer.tokenText(id) : `<${id}>`;
}

/** Direct logit effects of every direction, W_U·(γ⊙d̂) about their mean: the 20 largest and smallest. */
export async function* outputEffects(
  model: Model,
  dictionary: Dictionary,
  signal: AbortSignal | undefined,
): AsyncGenerator<ProgressEvent, { top: TokenEffect[]; bottom: TokenEffect[] }[], void> {
  const { d, features } = dictionary.manifest;
  const k = Math.min(outputs, model.native.vocabulary);
  const rate = new RateMeter();
  const effects: { top: TokenEffect[]; bottom: TokenEffect[] }[] = [];
  for (let from = 0; from < features; from += effectsAtOnce) {
    throwIfAborted(signal);
    const count = Math.min(effectsAtOnce, features - from);
    const { topIds, topValues, bottomIds, bottomValues } = await withTask(signal, (task) =>
      model.native.directEffects(dictionary.decoder.subarray(from * d, (from + count) * d), k, task),
    );
    const list = (ids: Int32Array, values: Float32Array, row: number): TokenEffect[] =>
      Array.from(ids.subarray(row * k, (row + 1) * k), (id, i) => ({ id, text: tokenTextOf(model, id), value: values[row * k + i] ?? 0 }));
    for (let row = 0; row < count; row++) effects.push({ top: list(topIds, topValues, row), bottom: list(bottomIds, bottomValues, row) });
    yield { phase: "output effects", done: from + count, total: features, unit: "features", rate: rate.update(from + count) };
  }
  return effects;
}

/** The features nearest by decoder cosine (rows have unit norm), nearest first, without the feature itself. */
export async function* decoderNeighbours(
  dictionary: Dictionary,
  most: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<ProgressEvent, { index: number; cosine: number }[][], void> {
  const { d, features } = dictionary.manifest;
  const k = Math.min(most + 1, features);
  const rate = new RateMeter();
  const neighbours: { index: number; cosine: number }[][] = [];
  for (let from = 0; from < features; from += neighboursAtOnce) {
    throwIfAborted(signal);
    const count = Math.min(neighboursAtOnce, features - from);
    const { indices, values } = await withTask(signal, (task) =>
      loadAddon().topKRows(dictionary.decoder.subarray(from * d, (from + count) * d), dictionary.decoder, d, k, task),
    );
    for (let row = 0; row < count; row++) {
      const list = Array.from(indices.subarray(row * k, (row + 1) * k), (index, i) => ({ index, cosine: values[row * k + i] ?? 0 }));
      neighbours.push(list.filter(({ index }) => index !== from + row).slice(0, most));
    }
    yield { phase: "neighbours", done: from + count, total: features, unit: "features", rate: rate.update(from + count) };
  }
  return neighbours;
}
