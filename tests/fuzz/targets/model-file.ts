import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createChatTemplate, createTokenizer, planFolder, planGguf, type ModelPlan } from "@lexiscope/model";
import fc from "fast-check";
import { tinyArchitecture, tinyGguf, tinyWeights, writeTinyFolder } from "../../../packages/model/src/tiny-model.fixture.ts";
import { mutatedBytes } from "../mutate-bytes.ts";
import { mutatedJson } from "../mutate-json.ts";
import { scratchFolder } from "../scratch.ts";
import type { FuzzTarget } from "../target.ts";

const small = { layers: 1, d: 8, heads: 2, kvHeads: 1, headWidth: 4, ff: 8, positions: { kind: "rope", base: 10_000, width: 4 } } as const;

/** Uses a plan as far as it goes without reading weights. */
function use(plan: ModelPlan): void {
  const ids = createTokenizer(plan.tokenizer).encode("hello <|im_end|> é");
  if (ids.some((id) => !Number.isInteger(id))) throw new Error("an id that is no number");
  if (plan.template) createChatTemplate(plan.template).render([{ role: "user", content: "hell" }], { addGenerationPrompt: true });
}

/** A whole model in a GGUF file: architecture, tokenizer, template, where the weights lie. */
export async function modelGguf(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const a = tinyArchitecture(small);
  const file = join(folder, "model.gguf");
  const header = tinyGguf(a, tinyWeights(a));
  const seeds = [new Uint8Array(header)];
  return {
    seeds,
    arbitrary: mutatedBytes(seeds),
    limits: { cpuMs: 4000 },
    read: async (input) => {
      writeFileSync(file, input);
      use(await planGguf(file));
    },
    close: remove,
  };
}

const parts = ["config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json", "model.safetensors.index.json"];

/** A Hugging Face folder with one changed file; the first byte says which. */
export async function modelFolder(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const a = tinyArchitecture(small);
  const path = join(folder, "model");
  mkdirSync(path);
  await writeTinyFolder(path, a, tinyWeights(a), { shards: 2 });
  writeFileSync(join(path, "generation_config.json"), JSON.stringify({ eos_token_id: [1, 2] }));
  const whole = parts.map((name) => readFileSync(join(path, name)));
  const tag = (which: number) => (bytes: Uint8Array) => new Uint8Array(Buffer.concat([Buffer.of(which), bytes]));
  return {
    seeds: whole.map((bytes, which) => tag(which)(bytes)),
    arbitrary: fc.oneof(...whole.map((bytes, which) => mutatedJson([bytes.toString()]).map(tag(which)))),
    limits: { cpuMs: 4000 },
    read: async (input) => {
      const which = (input[0] ?? 0) % parts.length;
      const file = join(path, parts[which] ?? "");
      writeFileSync(file, input.subarray(1));
      try {
        use(await planFolder(path));
      } finally {
        writeFileSync(file, whole[which] ?? new Uint8Array());
      }
    },
    close: remove,
  };
}
