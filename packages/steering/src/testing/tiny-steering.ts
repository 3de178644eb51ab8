import { join } from "node:path";
import { temporaryFolder, tinyTexts, writeTinyModel } from "@lexiscope/activations/testing";
import { createRandom } from "@lexiscope/core";
import { openModel, type Model } from "@lexiscope/model";
import { loadAddon, withTask, type NativeDictionary } from "@lexiscope/native";
import type { EditSource } from "../types.ts";

export const tinySite = "blocks.0.hook_resid_post";
const [features, k, probeTokens] = [64, 8, 100];

export interface TinySteering {
  model: Model;
  atlas: EditSource;
  dictionary: NativeDictionary;
  direction(feature: number): Float32Array;
}

/** A real random model on f32 with a random TopK dictionary at block 0, whose maxima and median norm were measured on a text. */
export async function openTinySteering(): Promise<TinySteering> {
  const model = await openModel(await writeTinyModel(join(await temporaryFolder(), "tiny")), { dtype: "f32" });
  const { d, layers, vocabulary } = model.architecture;
  const decoder = unitRows(features, d);
  const dictionary = await withTask(undefined, (task) =>
    loadAddon().Dictionary.create(
      {
        d,
        features,
        activation: "topk",
        k,
        applyBDecToInput: false,
        encoder: decoder,
        encoderBias: new Float32Array(features),
        decoder,
        decoderBias: new Float32Array(d),
      },
      task,
    ),
  );
  const tokens = Int32Array.from(model.tokenizer.encode(tinyTexts(1)[0] ?? "")).subarray(0, probeTokens);
  const { rows, norms } = await activations(model, tokens);
  const code = await withTask(undefined, (task) => dictionary.encode(rows, task));
  const maxima = new Float32Array(features);
  code.indices.forEach((feature, i) => (maxima[feature] = Math.max(maxima[feature] ?? 0, code.values[i] ?? 0)));
  const direction = (feature: number): Float32Array => decoder.slice(feature * d, (feature + 1) * d);
  const identity = await model.identity();
  return {
    model,
    dictionary,
    direction,
    atlas: {
      manifest: {
        dictionary: {
          model: { ...identity, d, layers, vocabulary },
          site: tinySite,
          features,
          keep: { skipPositionZero: true, skipSpecialTokens: true, maxNormOverMedian: 10 },
          medianNorm: norms.toSorted()[norms.length >> 1] ?? 0,
        },
      },
      dictionary: async () => ({ native: dictionary, direction }),
      summary: (feature) => ({ maximum: maxima[feature] ?? 0 }),
    },
  };
}

/** Activations at the dictionary's site, bf16 rows [n, d] and their norms. */
export async function activations(model: Model, tokens: Int32Array): Promise<{ rows: Uint16Array; norms: Float32Array }> {
  const { taps } = await withTask(undefined, (task) =>
    model.native.forward(
      { tokens, lengths: Int32Array.of(tokens.length), taps: [{ site: tinySite, values: "bf16" }], edits: [], logits: "none", top: 0 },
      task,
    ),
  );
  const { values, norms } = taps[0] ?? {};
  if (!(values instanceof Uint16Array) || !norms) throw new Error("the tap gave no rows");
  return { rows: values, norms };
}

function unitRows(rows: number, d: number): Float32Array {
  const random = createRandom(11);
  const matrix = new Float32Array(rows * d);
  for (let row = 0; row < rows; row++) {
    const vector = Float64Array.from({ length: d }, () => random.normal());
    const norm = Math.hypot(...vector);
    matrix.set(
      vector.map((v) => v / norm),
      row * d,
    );
  }
  return matrix;
}
