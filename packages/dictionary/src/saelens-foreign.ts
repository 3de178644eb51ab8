import { stat } from "node:fs/promises";
import { join } from "node:path";
import { brief, isLexiscopeError, LexiscopeError, readJson } from "@lexiscope/core";
import { loadSafetensors } from "@lexiscope/formats";
import { parseForeignConfig, type ForeignConfig } from "./saelens-config.ts";
import { fold, hasNorms } from "./saelens-fold.ts";
import { tensorReader, type TensorReader } from "./saelens-tensors.ts";
import { configFile, transpose, weightsFile } from "./saelens.ts";
import type { Activation, DictionaryWeights } from "./types.ts";

/** Left by SAELens beside a training checkpoint whose scale is not folded in. */
export const scalerFile = "activation_scaler.json";

/** A stranger's dictionary in our form: raw in, raw out, unit decoder rows, f_i = a_i. */
export interface ForeignDictionary {
  config: ForeignConfig;
  weights: DictionaryWeights;
  activation: Activation;
  /** What was folded, in a few words each. */
  folded: string[];
}

/** Whether a folder is laid out as SAELens lays out dictionaries. */
export async function isSaeLensFolder(folder: string): Promise<boolean> {
  const found = await Promise.all([configFile, weightsFile].map((name) => stat(join(folder, name)).catch(() => undefined)));
  return found.every((info) => info?.isFile());
}

/**
 * Reads a folder that SAELens 6 or before saved: architectures standard, topk, jumprelu, gated, and checkpoints of batchtopk
 * (which is jumprelu at inference); f16, bf16, f32 and f64. Nothing is approximated: what cannot be computed exactly is refused by name.
 */
export async function readForeignSaeLens(folder: string): Promise<ForeignDictionary> {
  const config = parseForeignConfig(join(folder, configFile), await readJson(join(folder, configFile)));
  const { d, features, rescaled } = config;
  const path = join(folder, weightsFile);
  const { tensors } = await loadSafetensors(path);
  const read = tensorReader(path, tensors);
  const { encoderBias, activation, encoderGain } = readActivation(config, read);
  const encoder = transpose(read("W_enc", [d, features]), d, features);
  if (encoderGain) for (let i = 0; i < encoder.length; i++) encoder[i] = (encoder[i] ?? 0) * (encoderGain[Math.floor(i / d)] ?? 0);
  const decoder = read("W_dec", [features, d]);
  const weights = { encoder, encoderBias, decoder, decoderBias: read("b_dec", [d]) };
  const ones = read.optional("scaling_factor", [features]);
  if (ones?.some((value) => Math.abs(value - 1) > 1e-6))
    throw new LexiscopeError("unsupported", `${path}: scaling_factor is not 1 everywhere; such a scale of the features is not read`, {
      file: path,
      field: "scaling_factor",
    });
  read.refuseOthers();
  const scale = config.scaled ? await readScale(folder) : 1;
  const form = fold({ weights, activation, scale, rescaled });
  const folded = [
    ...(config.scaled ? [`the input's scale ${scale.toPrecision(6)}`] : []),
    ...(config.architecture === "gated" ? ["the gate, as a threshold"] : []),
    ...(hasNorms(decoder, d) ? ["decoder norms"] : []),
  ];
  return { config, ...form, folded };
}

/** Biases and activation, before folding. */
function readActivation(
  { architecture, features, k }: ForeignConfig,
  read: TensorReader,
): { encoderBias: Float32Array; activation: Activation; encoderGain?: Float32Array } {
  switch (architecture) {
    case "standard":
      return { encoderBias: read("b_enc", [features]), activation: { kind: "relu" } };
    case "topk":
      return { encoderBias: read("b_enc", [features]), activation: { kind: "topk", k: k ?? 1 } };
    case "jumprelu": {
      const logs = read.optional("log_threshold", [features]);
      const threshold = logs ? logs.map(Math.exp) : read("threshold", [features]);
      return { encoderBias: read("b_enc", [features]), activation: { kind: "jumprelu", threshold } };
    }
    case "batchtopk": {
      const [threshold = 0] = read("topk_threshold", []);
      return {
        encoderBias: read("b_enc", [features]),
        activation: { kind: "jumprelu", threshold: new Float32Array(features).fill(threshold) },
      };
    }
    case "gated":
    default: {
      // Gated: 1[π > 0]·ReLU(m) with m = e^r·(π − b_gate) + b_mag: the gate is open where m > b_mag − e^r·b_gate.
      const magnitude = read("r_mag", [features]).map(Math.exp);
      const encoderBias = read("b_mag", [features]);
      const gate = read("b_gate", [features]);
      const threshold = encoderBias.map((bias, i) => bias - (magnitude[i] ?? 0) * (gate[i] ?? 0));
      return { encoderBias, activation: { kind: "jumprelu", threshold }, encoderGain: magnitude };
    }
  }
}

async function readScale(folder: string): Promise<number> {
  const file = join(folder, scalerFile);
  const scaler = await readJson(file).catch((error: unknown) => {
    if (!isLexiscopeError(error) || error.code !== "not_found") throw error;
    throw new LexiscopeError(
      "unsupported",
      `${join(folder, configFile)}: normalize_activations is "expected_average_only_in" and ${scalerFile} is not there, so the input's scale is not known`,
      {
        file: join(folder, configFile),
        field: "normalize_activations",
        hint: "take the final save of the training, in which SAELens has folded the scale, or put the checkpoint's activation_scaler.json beside it",
        cause: error,
      },
    );
  });
  const scale = typeof scaler === "object" && scaler !== null ? (scaler as Record<string, unknown>)["scaling_factor"] : undefined;
  if (typeof scale !== "number" || !Number.isFinite(scale) || scale <= 0)
    throw new LexiscopeError("bad_file", `${file}: scaling_factor is ${brief(scale)}; a number above 0 is expected`, {
      file,
      field: "scaling_factor",
    });
  return scale;
}
