import { keepMask } from "@lexiscope/activations";
import type { LeftOut } from "@lexiscope/atlas";
import { LexiscopeError } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import type { EditSource } from "./types.ts";

export interface Activation {
  index: number;
  /** a_i, in units of the residual stream. */
  activation: number;
}

/** A token as the dictionary reads it: why it is left out, or the features that fire, strongest first. */
export type ReadToken = { leftOut: LeftOut } | { features: Activation[] };

/** A sequence of which the tokens from `from` on are read, each in the context of those before it. */
export interface Reading {
  ids: readonly number[];
  from: number;
}

/**
 * Features of the ends of some sequences, without edits, as the dictionary sees them: rows rounded to bf16, position 0,
 * special tokens and outliers left out by its own rule. One batch for all. What lies beyond the model's context is not
 * read. `mismatch` for an atlas of another model.
 */
export async function readFeatures(
  model: Model,
  atlas: EditSource,
  readings: readonly Reading[],
  signal?: AbortSignal,
): Promise<ReadToken[][]> {
  const made = atlas.manifest.dictionary;
  const { d, vocabulary, context } = model.architecture;
  if (made.model.d !== d || made.model.vocabulary !== vocabulary)
    throw new LexiscopeError("mismatch", `the atlas was made for ${made.model.name}, not for ${model.name}`, {
      field: "atlas",
      hint: `open ${made.model.name}, or choose an atlas made for ${model.name}`,
    });
  const sequences = readings.map(({ ids }) => Int32Array.from(ids.slice(0, context)));
  const masks = sequences.map((tokens, s) => keepMask(tokens, made.keep, model.tokenizer.specialIds).fill(0, 0, readings[s]?.from));
  const { rows, norms } = await keptRows(model, made.site, sequences, masks, signal);
  const { native } = await atlas.dictionary(signal);
  const code = norms.length > 0 ? await withTask(signal, (task) => native.encode(rows, task)) : undefined;
  const k = code?.k ?? 0;
  const { skipPositionZero, maxNormOverMedian } = made.keep;
  let row = 0;
  return sequences.map((tokens, s) =>
    Array.from(tokens.subarray(readings[s]?.from), (_, j): ReadToken => {
      const position = (readings[s]?.from ?? 0) + j;
      if (masks[s]?.[position] !== 1) return { leftOut: position === 0 && skipPositionZero ? "position 0" : "special token" };
      const r = row++;
      if ((norms[r] ?? 0) > maxNormOverMedian * made.medianNorm) return { leftOut: "norm above the limit" };
      const features = Array.from({ length: k }, (__, i) => ({
        index: code?.indices[r * k + i] ?? 0,
        activation: code?.values[r * k + i] ?? 0,
      }));
      return {
        features: features.filter(({ activation }) => activation > 0).sort((a, b) => b.activation - a.activation || a.index - b.index),
      };
    }),
  );
}

/** bf16 rows [n, d] of the kept tokens of all sequences, and their norms [n]. */
async function keptRows(
  model: Model,
  site: string,
  sequences: readonly Int32Array[],
  masks: readonly Uint8Array[],
  signal: AbortSignal | undefined,
): Promise<{ rows: Uint16Array; norms: Float32Array }> {
  const input = {
    tokens: Int32Array.from(sequences.flatMap((tokens) => Array.from(tokens))),
    lengths: Int32Array.from(sequences, ({ length }) => length),
    taps: [{ site, keep: Uint8Array.from(masks.flatMap((mask) => Array.from(mask))), values: "bf16" as const }],
    edits: [],
    logits: "none" as const,
    top: 0,
  };
  const { taps } = await withTask(signal, (task) => model.native.forward(input, task));
  const { values, norms } = taps[0] ?? {};
  if (!(values instanceof Uint16Array) || !norms) throw new LexiscopeError("internal", `the forward pass gave no rows of ${site}`);
  return { rows: values, norms };
}
