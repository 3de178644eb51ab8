import { defaultKeepRule } from "@lexiscope/activations";
import { createRandom, LexiscopeError } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { loadAddon, withTask } from "@lexiscope/native";
import type { EditSource } from "@lexiscope/steering";
import { median } from "./timing.ts";

const k = 32;

/** A TopK dictionary of random unit directions at the middle block, with the median norm that the prompt has there. */
export async function randomDictionary(model: Model, prompt: string, features: number, signal: AbortSignal): Promise<EditSource> {
  const { d, layers, vocabulary } = model.architecture;
  const site = `blocks.${layers >> 1}.hook_resid_post`;
  const random = createRandom(3);
  const decoder = Float32Array.from({ length: features * d }, () => random.normal() / Math.sqrt(d));
  const zeros = { encoderBias: new Float32Array(features), decoderBias: new Float32Array(d) };
  const options = { d, features, activation: "topk" as const, k, applyBDecToInput: false, encoder: decoder, decoder, ...zeros };
  const native = await withTask(signal, (task) => loadAddon().Dictionary.create(options, task));
  const tokens = Int32Array.from(model.tokenizer.encode(prompt));
  const input = {
    tokens,
    lengths: Int32Array.of(tokens.length),
    taps: [{ site, values: "none" as const }],
    edits: [],
    logits: "none" as const,
    top: 0,
  };
  const { taps } = await withTask(signal, (task) => model.native.forward(input, task));
  const [tap] = taps;
  if (!tap) throw new LexiscopeError("internal", `the forward pass gave no norms at ${site}`);
  const identity = await model.identity(signal);
  return {
    manifest: {
      dictionary: {
        model: { ...identity, d, layers, vocabulary },
        site,
        features,
        keep: defaultKeepRule,
        medianNorm: median(Array.from(tap.norms)),
      },
    },
    dictionary: () => Promise.resolve({ native, direction: (feature) => decoder.slice(feature * d, (feature + 1) * d) }),
    summary: () => ({ maximum: 1 }),
  };
}
