import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, afterAll, describe, expect, test } from "vitest";
import { writeSafetensors } from "@lexiscope/formats";
import { planFolder } from "./plan-folder.ts";
import { tinyArchitecture, tinyConfig, tinyTokens, tinyWeights, writeTinyFolder } from "./tiny-model.fixture.ts";

let root = "";
let serial = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lexiscope-"));
});
afterAll(() => rm(root, { recursive: true }));

const a = tinyArchitecture();
const weights = tinyWeights(a);
const folder = async (options: Parameters<typeof writeTinyFolder>[3] = {}, architecture = a, values = weights): Promise<string> => {
  const path = join(root, `model-${serial++}`);
  await writeTinyFolder(path, architecture, values, options);
  return path;
};

test("one file", async () => {
  const path = await folder();
  const plan = await planFolder(path);
  expect(plan).toMatchObject({
    name: plan.name,
    architecture: a,
    files: [join(path, "model.safetensors")],
    tokenizer: { eosToken: "<|im_end|>" },
  });
  expect(plan.tensors.length).toBe(20);
  expect(plan.stopIds).toContain(tinyTokens.length - 1);
  expect(plan.tensors.some(({ unpermuteHeads }) => unpermuteHeads !== undefined)).toBe(false);
});

test("several files", async () => {
  const plan = await planFolder(await folder({ shards: 3 }));
  expect(plan.files.length).toBe(3);
  expect(new Set(plan.tensors.map(({ file }) => file))).toEqual(new Set([0, 1, 2]));
});

describe("tied or not", () => {
  const untied = tinyArchitecture({ tied: false });
  test("a head that is there is used unless the flag says tied; one that is missing is tied whatever the flag says", async () => {
    expect((await planFolder(await folder({}, untied, tinyWeights(untied)))).architecture.tied).toBe(false);
    expect(
      (await planFolder(await folder({ config: { tie_word_embeddings: undefined } }, untied, tinyWeights(untied)))).architecture.tied,
    ).toBe(false);
    expect((await planFolder(await folder({ config: { tie_word_embeddings: true } }, untied, tinyWeights(untied)))).architecture.tied).toBe(
      true,
    );
    expect((await planFolder(await folder({ config: { tie_word_embeddings: false } }))).architecture.tied).toBe(true);
  });
});

test("the chat template: chat_template.jinja, then chat_template.json, then tokenizer_config.json", async () => {
  const path = await folder();
  const template = async (): Promise<string | undefined> => (await planFolder(path)).template?.template;
  expect(await template()).toContain("<|im_start|>");
  await writeFile(
    join(path, "tokenizer_config.json"),
    JSON.stringify({
      chat_template: [
        { name: "tool_use", template: "T" },
        { name: "default", template: "D" },
      ],
    }),
  );
  expect(await template()).toBe("D");
  await writeFile(join(path, "chat_template.json"), JSON.stringify({ chat_template: "J" }));
  expect(await template()).toBe("J");
  await writeFile(join(path, "chat_template.jinja"), "X");
  expect(await template()).toBe("X");
});

test("generation_config.json adds stop ids", async () => {
  const path = await folder();
  await writeFile(join(path, "generation_config.json"), JSON.stringify({ eos_token_id: [3, 5] }));
  expect((await planFolder(path)).stopIds).toEqual([3, 5, tinyTokens.length - 1]);
});

describe("refusals", () => {
  test("what is missing or not supported is named", async () => {
    const path = await folder();
    await rm(join(path, "tokenizer.json"));
    await expect(planFolder(path)).rejects.toMatchObject({ code: "not_found" });
    await writeFile(join(path, "tokenizer.model"), "");
    await expect(planFolder(path)).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("tokenizer.model") });
    await rm(join(path, "model.safetensors"));
    await expect(planFolder(path)).rejects.toMatchObject({ code: "not_found", message: expect.stringContaining("model.safetensors") });
    await writeFile(join(path, "pytorch_model.bin"), "");
    await expect(planFolder(path)).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("pytorch_model.bin") });
  });

  test("attention_bias without biases names the first", async () => {
    await expect(planFolder(await folder({ config: { attention_bias: true } }))).rejects.toMatchObject({
      code: "bad_file",
      field: "model.layers.0.self_attn.q_proj.bias",
    });
  });

  test("shards that disagree with their index", async () => {
    const path = await folder({ shards: 2 });
    await cp(join(path, "model-00001-of-00002.safetensors"), join(path, "model-00002-of-00002.safetensors"));
    await expect(planFolder(path)).rejects.toMatchObject({ code: "bad_file", message: expect.stringContaining("and so does") });
    await writeSafetensors(join(path, "model-00002-of-00002.safetensors"), {});
    await expect(planFolder(path)).rejects.toMatchObject({ code: "bad_file", message: expect.stringContaining("which does not hold it") });
  });

  test("a configuration that is no object", async () => {
    const path = await folder();
    await writeFile(join(path, "config.json"), "[]");
    await expect(planFolder(path)).rejects.toMatchObject({ code: "bad_file", message: expect.stringContaining("no JSON object") });
    await writeFile(join(path, "config.json"), JSON.stringify({ ...tinyConfig(a), model_type: "gpt_neox" }));
    await expect(planFolder(path)).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("gpt_neox") });
  });
});
