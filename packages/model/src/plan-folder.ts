import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { LexiscopeError, readJson } from "@lexiscope/core";
import { readSafetensorsHeader, readSafetensorsIndex, readText, withFileReader } from "@lexiscope/formats";
import type { ChatTemplateSource } from "./chat-template.ts";
import { HfConfig } from "./hf-config.ts";
import { llamaFromConfig } from "./llama-hf.ts";
import type { ModelPlan } from "./model-plan.ts";
import { llamaHfTensors } from "./tensor-names.ts";
import { matchTensors, type FoundTensor } from "./tensors.ts";

/** Buffers that old checkpoints carry; they are computed, not learned. */
const buffers = /\.(rotary_emb\.inv_freq|attn\.bias|attn\.masked_bias|attention\.bias)$/;

/** The model in a Hugging Face folder: config.json, one or several safetensors files, tokenizer.json. */
export async function planFolder(folder: string, name = basename(folder)): Promise<ModelPlan> {
  const config = new HfConfig(join(folder, "config.json"), await readJson(join(folder, "config.json")));
  const { architecture, tieFlag, attentionBias, mlpBias } = llamaFromConfig(config);
  const { files, found } = await findTensors(folder);
  architecture.tied = !found.has("lm_head.weight") || tieFlag === true;
  const tokenizerFile = join(folder, "tokenizer.json");
  if (!existsSync(tokenizerFile)) {
    const spm = existsSync(join(folder, "tokenizer.model"));
    throw new LexiscopeError(
      spm ? "unsupported" : "not_found",
      spm ? `${folder} has a tokenizer.model but no tokenizer.json: not yet supported` : `${folder} has no tokenizer.json`,
      { file: tokenizerFile, hint: "save the tokenizer with Transformers' save_pretrained, or use a GGUF file" },
    );
  }
  const tokenizerConfig = await optionalConfig(join(folder, "tokenizer_config.json"));
  const bosToken = tokenText(tokenizerConfig, "bos_token");
  const eosToken = tokenText(tokenizerConfig, "eos_token");
  const generation = await optionalConfig(join(folder, "generation_config.json"));
  return {
    name,
    architecture,
    files,
    tensors: matchTensors(
      folder,
      llamaHfTensors(architecture, { attention: attentionBias, mlp: mlpBias }),
      found,
      (tensor) => buffers.test(tensor) || (architecture.tied && tensor === "lm_head.weight"),
    ),
    tokenizer: { json: await readJson(tokenizerFile), file: tokenizerFile, bosToken, eosToken },
    template: await findTemplate(folder, tokenizerConfig, bosToken, eosToken),
    stopIds: [generation?.get("eos_token_id"), config.get("eos_token_id")]
      .flat()
      .map((id) => (Number.isInteger(id) ? (id as number) : undefined)),
    warnings: [],
  };
}

async function findTensors(folder: string): Promise<{ files: string[]; found: Map<string, FoundTensor> }> {
  const index = join(folder, "model.safetensors.index.json");
  const single = join(folder, "model.safetensors");
  const sharded = existsSync(index) ? await readSafetensorsIndex(index) : undefined;
  if (!sharded && !existsSync(single)) {
    const pickled = existsSync(join(folder, "pytorch_model.bin")) || existsSync(join(folder, "pytorch_model.bin.index.json"));
    throw new LexiscopeError(
      pickled ? "unsupported" : "not_found",
      pickled
        ? `${folder} has its weights as pytorch_model.bin: not yet supported`
        : `${folder} has neither model.safetensors nor model.safetensors.index.json`,
      { file: folder, hint: "use the safetensors version of the model, or a GGUF file" },
    );
  }
  const files = sharded ? sharded.files.map((file) => join(folder, file)) : [single];
  const found = new Map<string, FoundTensor>();
  for (const [file, path] of files.entries()) {
    const header = await withFileReader(path, readSafetensorsHeader);
    for (const { name, dtype, shape, offset, bytes } of header.tensors.values()) {
      if (found.has(name))
        throw new LexiscopeError("bad_file", `${path} holds ${name}, and so does ${files[found.get(name)?.file ?? 0]}`, {
          file: path,
          field: name,
          hint: "download the model again",
        });
      found.set(name, { name, file, offset, bytes, type: dtype, shape });
    }
  }
  for (const [tensor, file] of sharded?.weightMap ?? []) {
    if (files[found.get(tensor)?.file ?? -1] !== join(folder, file))
      throw new LexiscopeError("bad_file", `${index} puts ${tensor} into ${file}, which does not hold it`, {
        file: index,
        field: tensor,
        hint: "download the model again",
      });
  }
  return { files, found };
}

/** First found: chat_template.jinja, chat_template.json, tokenizer_config.json. */
async function findTemplate(
  folder: string,
  config: HfConfig | undefined,
  bosToken: string | undefined,
  eosToken: string | undefined,
): Promise<ChatTemplateSource | undefined> {
  const from = (file: string, template: string | undefined): ChatTemplateSource | undefined =>
    template === undefined ? undefined : { template, file, bosToken, eosToken };
  const jinja = join(folder, "chat_template.jinja");
  if (existsSync(jinja)) return from(jinja, (await readText(jinja)).text);
  const json = await optionalConfig(join(folder, "chat_template.json"));
  return (json && from(json.file, templateIn(json))) ?? (config && from(config.file, templateIn(config)));
}

/** A string, or a list of {name, template} of which "default" counts. */
function templateIn(config: HfConfig): string | undefined {
  const value = config.get("chat_template");
  if (!Array.isArray(value)) return config.string("chat_template");
  const named = value.map((item: unknown) => new HfConfig(config.file, item)).find((item) => item.string("name") === "default");
  return named?.string("template");
}

function tokenText(config: HfConfig | undefined, key: string): string | undefined {
  const value = config?.get(key);
  return typeof value === "string" ? value : value === undefined ? undefined : config?.object(key)?.string("content");
}

async function optionalConfig(path: string): Promise<HfConfig | undefined> {
  return existsSync(path) ? new HfConfig(path, await readJson(path)) : undefined;
}
