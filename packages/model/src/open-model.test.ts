import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "@lexiscope/contract";
import type { ProgressEvent } from "@lexiscope/core";
import { withTask } from "@lexiscope/native";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { openModel } from "./open-model.ts";
import { tinyArchitecture, tinyGguf, tinyTokens, tinyWeights, writeTinyFolder } from "./tiny-model.fixture.ts";
import type { Model } from "./types.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lexiscope-"));
  vi.stubEnv("LEXISCOPE_HOME", join(root, "home"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

const logits = async (model: Model): Promise<Float32Array> => {
  const tokens = Int32Array.from(model.tokenizer.encode("hello, hell<|im_end|>"));
  const { logits: all = new Float32Array() } = await withTask(undefined, (task) =>
    model.native.forward({ tokens, lengths: Int32Array.of(tokens.length), taps: [], edits: [], logits: "full", top: 0 }, task),
  );
  return all;
};
/** The same weights as a GGUF file and as folders of one and of three files. */
const write = async (name: string, a: Architecture): Promise<string[]> => {
  const weights = tinyWeights(a);
  const paths = [join(root, `${name}.gguf`), join(root, name), join(root, `${name}-sharded`)] as const;
  await writeFile(paths[0], tinyGguf(a, weights));
  await writeTinyFolder(paths[1], a, weights);
  await writeTinyFolder(paths[2], a, weights, { shards: 3 });
  return [...paths];
};

describe.each([
  ["tied", tinyArchitecture()],
  ["untied, one key-value head a head", tinyArchitecture({ tied: false, kvHeads: 4 })],
])("%s", (name, a) => {
  test("the same weights are the same model, whatever file they came in", async () => {
    const models = await Promise.all((await write(name, a)).map((path) => openModel(path, { dtype: "f32" })));
    const identities = await Promise.all(models.map((model) => model.identity()));
    const outputs = await Promise.all(models.map(logits));
    expect(new Set(identities.map(({ weightsHash }) => weightsHash)).size).toBe(1);
    expect(identities.map(({ fileHash }) => fileHash === null)).toEqual([false, false, true]);
    expect(outputs[0]?.length).toBeGreaterThan(tinyTokens.length);
    expect(outputs[0]?.every(Number.isFinite)).toBe(true);
    for (const output of outputs.slice(1)) expect(output).toEqual(outputs[0]);
    expect(new Set(models.map(({ tokenizer }) => tokenizer.hash)).size).toBe(1);
  });
});

test("what an open model says about itself", async () => {
  const [gguf = ""] = await write("facts", tinyArchitecture());
  const events: ProgressEvent[] = [];
  const model = await openModel(gguf, { onProgress: (event) => events.push(event) });
  expect(model).toMatchObject({ name: "facts", dtype: "fast", architecture: tinyArchitecture(), stopTokens: [tinyTokens.length - 1] });
  expect(model.chatTemplate?.render([{ role: "user", content: "hi" }], { addGenerationPrompt: true })).toBe(
    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
  );
  expect(await model.identity()).toMatchObject({ name: "facts", d: 32, layers: 2, vocabulary: tinyTokens.length });
  expect(["avx512bf16", "avx512vnni", "avx2i16", "avx2", "neon", "portable"]).toContain(model.cpuPath);
});

test("a fired signal stops the open", async () => {
  const [gguf = ""] = await write("stopped", tinyArchitecture());
  await expect(openModel(gguf, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
});

test("damaged weights are refused by name", async () => {
  const a = tinyArchitecture();
  const weights = tinyWeights(a);
  weights.get("blocks.1.mlp.up")?.set([Number.NaN], 5);
  await writeFile(join(root, "nan.gguf"), tinyGguf(a, weights));
  await expect(openModel(join(root, "nan.gguf"), { dtype: "f32" })).rejects.toMatchObject({
    code: "bad_file",
    message: expect.stringContaining("blocks.1.mlp.up"),
  });
});
