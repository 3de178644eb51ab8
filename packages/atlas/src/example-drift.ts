import type { Model } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import type { Atlas, FeatureList } from "./types.ts";

/** Features whose strongest example is read again: a second of work. */
const probes = 12;

/**
 * How far a model's activations are from those in an atlas: the median over a few features, spread over the dictionary,
 * of ‖a − a′‖ / ‖a‖ on the strongest example, a being what the atlas holds and a′ what this model gives at the same
 * tokens. About 0 for the atlas's own weights, about 1 or more for a model with which the features have nothing in common.
 * Undefined when no feature fired.
 */
export async function exampleDrift(model: Model, atlas: Atlas, signal?: AbortSignal): Promise<number | undefined> {
  const alive = (limit: number, offset: number): FeatureList =>
    atlas.list({ orderBy: "index", descending: false, limit, offset, filter: { alive: true } });
  const { total } = alive(0, 0);
  const { native } = await atlas.dictionary(signal);
  const { site, keep } = atlas.manifest.dictionary;
  const shares: number[] = [];
  for (let i = 0; i < Math.min(probes, total); i++) {
    const feature = alive(1, Math.floor((i * total) / Math.min(probes, total))).items[0]?.index ?? 0;
    const [example] = (await atlas.feature(feature)).examples;
    if (!example) continue;
    const { tokens, activations } = example;
    const lengths = Int32Array.of(tokens.length);
    const input = { tokens, lengths, taps: [{ site, values: "bf16" as const }], edits: [], logits: "none" as const, top: 0 };
    const rows = (await withTask(signal, (task) => model.native.forward(input, task))).taps[0]?.values;
    if (!(rows instanceof Uint16Array)) continue;
    const { k, indices, values } = await withTask(signal, (task) => native.encode(rows, task));
    const now = new Float32Array(tokens.length);
    indices.forEach((index, at) => {
      if (index === feature) now[Math.floor(at / k)] = values[at] ?? 0;
    });
    let [difference, size] = [0, 0];
    for (const [position, before] of activations.entries()) {
      if (position === 0 && keep.skipPositionZero) continue;
      if (before === 0 && keep.skipSpecialTokens && model.tokenizer.specialIds.has(tokens[position] ?? -1)) continue;
      difference += (before - (now[position] ?? 0)) ** 2;
      size += before ** 2;
    }
    if (size > 0) shares.push(Math.sqrt(difference / size));
  }
  return shares.sort((a, b) => a - b)[shares.length >> 1];
}
