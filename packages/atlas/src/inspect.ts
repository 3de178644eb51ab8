import { keepMask } from "@lexiscope/activations";
import { LexiscopeError, type WorkOptions } from "@lexiscope/core";
import type { Dictionary } from "@lexiscope/dictionary";
import type { Model } from "@lexiscope/model";
import { withTask, type NativeTopK } from "@lexiscope/native";
import { tokenTextOf } from "./directions.ts";
import type { Atlas } from "./types.ts";

export interface InspectOptions extends WorkOptions {
  model: Model;
  atlas: Atlas;
  text: string;
  /** Strongest features named at each token (10); fewer where fewer fire. */
  top?: number | undefined;
  /** Special tokens written in the text are read as plain text. */
  literal?: boolean | undefined;
}

/** Why a token has no features: it was never part of what the dictionary learned. */
export type LeftOut = "position 0" | "special token" | "norm above the limit";

export interface ActiveFeature {
  index: number;
  activation: number;
  /** Activation over the feature's maximum in the atlas; may exceed 1. Absent when it never fired there. */
  share: number | undefined;
}

export interface InspectedToken {
  id: number;
  text: string;
  position: number;
  leftOut?: LeftOut;
  /** Features that fire here, and the strongest of them. */
  active: number;
  features: ActiveFeature[];
  /** ‖x − x̂‖² / ‖x − x̄‖²: what the dictionary does not explain of this token. Absent where the token is left out. */
  error?: number;
}

/** Features of every token of a text, as the dictionary sees them: rows rounded to bf16, as in training and indexing. */
export async function inspectText(options: InspectOptions): Promise<InspectedToken[]> {
  const { model, atlas, text, top = 10, literal = false, signal } = options;
  if (!Number.isInteger(top) || top < 0)
    throw new LexiscopeError("invalid_input", `top is ${top}; it must be a whole number from 0`, { field: "top" });
  const { dictionary: made } = atlas.manifest;
  if (model.architecture.d !== made.d || model.architecture.vocabulary !== made.model.vocabulary) {
    throw new LexiscopeError("mismatch", `the atlas was made for ${made.model.name}, not for ${model.name}`, {
      file: atlas.path,
      field: "model",
      hint: `open ${made.model.name}, or choose an atlas made for ${model.name}`,
    });
  }
  const tokens = Int32Array.from(model.tokenizer.encode(text, { literal }));
  if (tokens.length === 0)
    throw new LexiscopeError("invalid_input", "the text is empty", { field: "text", hint: "give at least one word" });
  const { context } = model.architecture;
  if (tokens.length > context)
    throw new LexiscopeError("invalid_input", `the text has ${tokens.length} tokens; the model's context holds ${context}`, {
      field: "text",
      hint: "shorten the text or pass it in pieces",
    });
  const keep = keepMask(tokens, made.keep, model.tokenizer.specialIds);
  const dictionary = await atlas.dictionary(signal);
  const rows = await keptRows(model, made.site, tokens, keep, signal);
  const { medianNorm, keep: keepRule, d } = made;
  const [code, reconstruction] = rows.values.length === 0 ? [undefined, undefined] : await encode(dictionary, rows.values, signal);
  let row = 0;
  return Array.from(tokens, (id, position) => {
    const token = { id, text: tokenTextOf(model, id), position, active: 0, features: [] };
    if (keep[position] === 0)
      return { ...token, leftOut: position === 0 && keepRule.skipPositionZero ? "position 0" : "special token" } satisfies InspectedToken;
    const r = row++;
    if ((rows.norms[r] ?? 0) > keepRule.maxNormOverMedian * medianNorm)
      return { ...token, leftOut: "norm above the limit" } satisfies InspectedToken;
    const k = code?.k ?? 0;
    const active = activeFeatures(code?.indices.subarray(r * k, (r + 1) * k) ?? [], code?.values.subarray(r * k, (r + 1) * k) ?? []);
    return {
      ...token,
      active: active.length,
      features: active.slice(0, top).map(({ index, activation }) => {
        const { maximum } = atlas.summary(index);
        return { index, activation, share: maximum > 0 ? activation / maximum : undefined };
      }),
      error: errorShare(rows.values.subarray(r * d, (r + 1) * d), reconstruction?.subarray(r * d, (r + 1) * d) ?? [], atlas.mean),
    } satisfies InspectedToken;
  });
}

async function keptRows(
  model: Model,
  site: string,
  tokens: Int32Array,
  keep: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<{ values: Uint16Array; norms: Float32Array }> {
  const input = {
    tokens,
    lengths: Int32Array.of(tokens.length),
    taps: [{ site, keep, values: "bf16" as const }],
    edits: [],
    logits: "none" as const,
    top: 0,
  };
  const { taps } = await withTask(signal, (task) => model.native.forward(input, task));
  const { values, norms } = taps[0] ?? {};
  if (!(values instanceof Uint16Array) || !norms) throw new LexiscopeError("internal", `the forward pass gave no rows of ${site}`);
  return { values, norms };
}

async function encode(dictionary: Dictionary, rows: Uint16Array, signal: AbortSignal | undefined): Promise<[NativeTopK, Float32Array]> {
  return [
    await withTask(signal, (task) => dictionary.native.encode(rows, task)),
    await withTask(signal, (task) => dictionary.native.reconstruct(rows, task)),
  ];
}

function activeFeatures(indices: ArrayLike<number>, values: ArrayLike<number>): { index: number; activation: number }[] {
  return Array.from(indices, (index, i) => ({ index, activation: values[i] ?? 0 }))
    .filter(({ activation }) => activation > 0)
    .sort((a, b) => b.activation - a.activation || a.index - b.index);
}

/** ‖x − x̂‖² / ‖x − x̄‖² of one bf16 row. */
function errorShare(x: Uint16Array, reconstruction: ArrayLike<number>, mean: Float32Array): number {
  const bits = new Uint32Array(x.length);
  const floats = new Float32Array(bits.buffer);
  let [error, deviation] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    bits[i] = (x[i] ?? 0) << 16;
    const value = floats[i] ?? 0;
    error += (value - (reconstruction[i] ?? 0)) ** 2;
    deviation += (value - (mean[i] ?? 0)) ** 2;
  }
  return error / deviation;
}
