import { join } from "node:path";
import { brief, LexiscopeError, readJson, writeJsonAtomic } from "@lexiscope/core";
import { loadSafetensors, writeSafetensors, type LoadedTensor } from "@lexiscope/formats";
import { fold, hasNorms } from "./saelens-fold.ts";
import type { Activation, DictionaryWeights } from "./types.ts";

/** What `cfg.json` says besides the weights (SAELens 6, formats.md §1.3). */
export interface SaeLensConfig {
  d: number;
  features: number;
  activation: Activation;
  /** β: b_dec is subtracted before encoding. */
  applyBDecToInput: boolean;
  modelName: string;
  site: string;
  context: number;
  /** Our own keys, `lexiscope_…`. */
  own: Record<string, unknown>;
}

export const configFile = "cfg.json";
export const weightsFile = "sae_weights.safetensors";

/** Without it SAELens would read the folder by the rules of its old versions. */
const saeLensVersion = "6.49.2";

/** SAELens's name of an activation. */
const architectures = { topk: "topk", relu: "standard", jumprelu: "jumprelu" } as const;

/** Writes the folder that SAELens loads: scale folded in, W_enc [d, F], W_dec [F, d]. */
export async function writeSaeLens(folder: string, weights: DictionaryWeights, config: SaeLensConfig): Promise<void> {
  const { d, features, activation } = config;
  const architecture = architectures[activation.kind];
  await writeSafetensors(join(folder, weightsFile), {
    W_enc: { dtype: "F32", shape: [d, features], data: transpose(weights.encoder, features, d) },
    b_enc: { dtype: "F32", shape: [features], data: weights.encoderBias },
    W_dec: { dtype: "F32", shape: [features, d], data: withGain(weights.decoder, activation, d) },
    b_dec: { dtype: "F32", shape: [d], data: weights.decoderBias },
    ...(activation.kind === "jumprelu" ? { threshold: { dtype: "F32", shape: [features], data: activation.threshold } } : {}),
  });
  await writeJsonAtomic(join(folder, configFile), {
    architecture,
    d_in: d,
    d_sae: features,
    dtype: "float32",
    device: "cpu",
    apply_b_dec_to_input: config.applyBDecToInput,
    normalize_activations: "none",
    reshape_activations: "none",
    ...(activation.kind === "topk" ? { k: activation.k, rescale_acts_by_decoder_norm: false } : {}),
    metadata: {
      sae_lens_version: saeLensVersion,
      sae_lens_training_version: null,
      training_architecture: architecture,
      model_name: config.modelName,
      hook_name: config.site,
      hook_head_index: null,
      context_size: config.context,
      prepend_bos: false,
      exclude_special_tokens: true,
      seqpos_slice: [1, null],
      disable_concat_sequences: true,
      ...config.own,
    },
  });
}

/** Such a folder as it was read back. */
export interface SaeLensFolder {
  weights: DictionaryWeights;
  d: number;
  features: number;
  activation: Activation;
  applyBDecToInput: boolean;
  site: string | undefined;
}

/** Reads such a folder back. Shapes must agree with `cfg.json`, and only what we write is read. */
export async function readSaeLens(folder: string): Promise<SaeLensFolder> {
  const file = join(folder, configFile);
  const config = await readJson(file);
  const fields = (typeof config === "object" && config !== null ? config : {}) as Record<string, unknown>;
  const topk = fields["architecture"] === "topk";
  const expected: [string, readonly unknown[]][] = [
    ["architecture", Object.values(architectures)],
    ["dtype", ["float32"]],
    ["apply_b_dec_to_input", [true, false]],
    ["normalize_activations", ["none"]],
    ["rescale_acts_by_decoder_norm", topk ? [false] : [undefined, false]],
  ];
  for (const [field, values] of expected) {
    if (!values.includes(fields[field]))
      throw new LexiscopeError(
        "unsupported",
        `${file}: ${field} is ${brief(fields[field])}; only ${values
          .filter((value) => value !== undefined)
          .map((value) => JSON.stringify(value))
          .join(" or ")} is read`,
        { file, field },
      );
  }
  const integer = (field: string): number => {
    const value = fields[field];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1)
      throw new LexiscopeError("bad_file", `${file}: ${field} is ${brief(value)}`, { file, field });
    return value;
  };
  const [d, features] = [integer("d_in"), integer("d_sae")];
  const path = join(folder, weightsFile);
  const { tensors } = await loadSafetensors(path);
  const read = (name: string, shape: number[]): Float32Array => floats(path, name, tensors.get(name), shape);
  const metadata = fields["metadata"] as Record<string, unknown> | undefined;
  const site = metadata?.["hook_name"];
  const activation: Activation = topk
    ? { kind: "topk", k: integer("k") }
    : fields["architecture"] === "jumprelu"
      ? { kind: "jumprelu", threshold: read("threshold", [features]) }
      : { kind: "relu" };
  const weights = {
    encoder: transpose(read("W_enc", [d, features]), d, features),
    encoderBias: read("b_enc", [features]),
    decoder: read("W_dec", [features, d]),
    decoderBias: read("b_dec", [d]),
  };
  return {
    ...(hasNorms(weights.decoder, d) ? fold({ weights, activation, scale: 1, rescaled: false }) : { weights, activation }),
    d,
    features,
    applyBDecToInput: fields["apply_b_dec_to_input"] === true,
    site: typeof site === "string" ? site : undefined,
  };
}

/** Decoder rows as SAELens needs them: with the norm that they had where TopK ranks features without heed of it. */
function withGain(decoder: Float32Array, activation: Activation, d: number): Float32Array {
  if (activation.kind !== "topk" || !activation.gain) return decoder;
  const { gain } = activation;
  return decoder.map((value, at) => value * (gain[Math.floor(at / d)] ?? 1));
}

function floats(file: string, name: string, tensor: LoadedTensor | undefined, shape: number[]): Float32Array {
  if (tensor?.dtype !== "F32" || tensor.shape.length !== shape.length || tensor.shape.some((n, i) => n !== shape[i])) {
    throw new LexiscopeError(
      "bad_file",
      `${file}: ${name} is ${tensor ? `${tensor.dtype} [${tensor.shape.join(", ")}]` : "missing"}; F32 [${shape.join(", ")}] was expected`,
      { file, field: name },
    );
  }
  const values = new Float32Array(tensor.data.buffer);
  if (!values.every((value) => Number.isFinite(value)))
    throw new LexiscopeError("bad_file", `${file}: ${name} holds NaN or infinity`, { file, field: name });
  return values;
}

/** [rows, cols] → [cols, rows], in blocks that stay in cache. */
export function transpose(values: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(values.length);
  const block = 32;
  for (let r0 = 0; r0 < rows; r0 += block) {
    for (let c0 = 0; c0 < cols; c0 += block) {
      for (let r = r0; r < Math.min(rows, r0 + block); r++) {
        for (let c = c0; c < Math.min(cols, c0 + block); c++) out[c * rows + r] = values[r * cols + c] as number;
      }
    }
  }
  return out;
}
