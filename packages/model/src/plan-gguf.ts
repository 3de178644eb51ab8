import { basename } from "node:path";
import { LexiscopeError } from "@lexiscope/core";
import { readGgufHeader, withFileReader, type ByteReader, type GgufHeader } from "@lexiscope/formats";
import { GgufKeys } from "./gguf-keys.ts";
import { ggufTokenizer } from "./gguf-tokenizer.ts";
import { llamaFromGguf } from "./llama-gguf.ts";
import type { ModelPlan } from "./model-plan.ts";
import { llamaGgufTensors } from "./tensor-names.ts";
import { matchTensors, type FoundTensor } from "./tensors.ts";

/** The model that a GGUF file holds. `pre` overrides the file's own name of its pre-tokenizer. */
export async function planGguf(path: string, options: { name?: string | undefined; pre?: string | undefined } = {}): Promise<ModelPlan> {
  return withFileReader(path, async (reader) => {
    const header = await readGgufHeader(reader);
    const keys = new GgufKeys(path, header.keys);
    const architecture = llamaFromGguf(keys, header, await readDivisors(reader, header));
    const found = new Map(
      [...header.tensors.values()].map((t): [string, FoundTensor] => [
        t.name,
        { name: t.name, file: 0, offset: t.offset, bytes: t.bytes, type: t.type.name, shape: torchShape(t.ne) },
      ]),
    );
    const permutedBias = [...found.keys()].find((tensor) => /\.attn_[qk]\.bias$/.test(tensor));
    if (permutedBias !== undefined)
      throw new LexiscopeError(
        "unsupported",
        `${path}: ${permutedBias}: GGUF files with biases on queries and keys are not yet supported`,
        { file: path, field: permutedBias, hint: "open the model's Hugging Face folder" },
      );
    const tokenizer = ggufTokenizer(keys, options.pre);
    const template = keys.string("tokenizer.chat_template");
    const unnamedPre =
      options.pre === undefined &&
      keys.string("tokenizer.ggml.model") === "gpt2" &&
      (keys.string("tokenizer.ggml.pre") ?? "default") === "default";
    return {
      name: options.name ?? basename(path).replace(/\.gguf$/i, ""),
      architecture,
      files: [path],
      tensors: matchTensors(path, llamaGgufTensors(architecture), found, (name) => name === "rope_freqs.weight"),
      tokenizer,
      template: template === undefined ? undefined : { template, file: path, bosToken: tokenizer.bosToken, eosToken: tokenizer.eosToken },
      stopIds: ["eos", "eot", "eom"].map((name) => keys.integer(`tokenizer.ggml.${name}_token_id`)),
      warnings: unnamedPre ? [`${path} does not name its pre-tokenizer: token ids may differ from the original model's`] : [],
    };
  });
}

/** A vector stays one, a matrix ne = [in, out] becomes [out, in]; trailing axes of 1 are dropped. */
function torchShape(ne: readonly number[]): number[] {
  const kept = ne.slice();
  while (kept.length > 2 && kept.at(-1) === 1) kept.pop();
  return kept.toReversed();
}

/** Llama 3's scaling of the rotary frequencies comes as a tensor of divisors. */
async function readDivisors(reader: ByteReader, header: GgufHeader): Promise<number[] | undefined> {
  const tensor = header.tensors.get("rope_freqs.weight");
  if (!tensor) return undefined;
  if (tensor.type.name !== "F32" || tensor.ne.length !== 1 || tensor.bytes > 4096) {
    throw new LexiscopeError("unsupported", `${reader.name}: rope_freqs.weight is ${tensor.type.name} of shape [${tensor.ne.join(", ")}]`, {
      file: reader.name,
      field: tensor.name,
    });
  }
  return [...new Float32Array((await reader.read(tensor.offset, tensor.bytes)).buffer)];
}
