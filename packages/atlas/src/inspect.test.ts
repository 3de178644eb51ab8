import { rm } from "node:fs/promises";
import { join } from "node:path";
import { finish } from "@lexiscope/core";
import { withTask } from "@lexiscope/native";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildAtlas, inspectText, type Atlas } from "./index.ts";
import { makeTinyChain, tinySite, type TinyChain } from "./testing/tiny-atlas.ts";

let chain: TinyChain;
let atlas: Atlas;
beforeAll(async () => {
  chain = await makeTinyChain();
  atlas = await finish(buildAtlas({ ...chain, out: join(chain.folder, "atlas") }));
}, 120_000);
afterAll(async () => {
  atlas?.close();
  await rm(chain.folder, { recursive: true });
});

test("a text of the store has the activations of the atlas", async () => {
  const [strongest] = atlas.list({ orderBy: "maximum", descending: true, limit: 1, offset: 0 }).items;
  const [example] = (await atlas.feature(strongest?.index ?? 0)).examples;
  const text = chain.model.tokenizer.decode(Array.from(example?.tokens ?? []));
  const tokens = await inspectText({ model: chain.model, atlas, text, top: 96 });
  const here = tokens[example?.peak ?? 0]?.features.find(({ index }) => index === strongest?.index);
  expect(here?.share).toBeCloseTo(1, 3);
  expect(here?.activation).toBeCloseTo(strongest?.maximum ?? 0, 3);
});

test("features come strongest first, all of them counted, with the error that is left", async () => {
  const tokens = await inspectText({ model: chain.model, atlas, text: "the whale", top: 3 });
  expect(tokens.map(({ text }) => text).join("")).toBe("the whale");
  const rows = await withTask(undefined, (task) =>
    chain.model.native.forward(
      {
        tokens: Int32Array.from(tokens, ({ id }) => id),
        lengths: Int32Array.of(tokens.length),
        taps: [{ site: tinySite, values: "bf16" }],
        edits: [],
        logits: "none",
        top: 0,
      },
      task,
    ),
  );
  const x = rows.taps[0]?.values as Uint16Array;
  const { d } = atlas.manifest.dictionary;
  for (const token of tokens.slice(1)) {
    expect(token.active).toBeLessThanOrEqual(6);
    expect(token.features).toHaveLength(Math.min(3, token.active));
    expect(token.features).toEqual(token.features.toSorted((a, b) => b.activation - a.activation));
    const one = x.subarray(token.position * d, (token.position + 1) * d);
    const sums = await withTask(undefined, (task) => chain.dictionary.native.evaluate(one, atlas.mean, task));
    expect(token.error).toBeCloseTo(sums.squaredError / sums.squaredDeviation, 4);
  }
});

test("positions that the dictionary never learned are marked", async () => {
  const tokens = await inspectText({ model: chain.model, atlas, text: "a<|im_start|>b" });
  expect(tokens.map(({ leftOut }) => leftOut)).toEqual(["position 0", "special token", undefined]);
  expect(tokens[1]).not.toHaveProperty("error");
  expect(tokens[1]?.features).toEqual([]);
  const literal = await inspectText({ model: chain.model, atlas, text: "a<|im_start|>b", literal: true });
  expect(literal.map(({ leftOut }) => leftOut)).toEqual(["position 0", ...new Array<undefined>(13)]);
  const only = await inspectText({ model: chain.model, atlas, text: "a" });
  expect(only).toMatchObject([{ leftOut: "position 0", features: [] }]);

  const { dictionary } = atlas.manifest;
  const strict = { ...atlas, manifest: { ...atlas.manifest, dictionary: { ...dictionary, medianNorm: 1e-6 } } };
  expect((await inspectText({ model: chain.model, atlas: strict, text: "ab" }))[1]).toMatchObject({ leftOut: "norm above the limit" });
});

test("texts that cannot be inspected are refused", async () => {
  const inspect = (text: string, options: object = {}): Promise<unknown> => inspectText({ model: chain.model, atlas, text, ...options });
  await expect(inspect("")).rejects.toMatchObject({ code: "invalid_input", field: "text" });
  await expect(inspect("x".repeat(129))).rejects.toThrow("129 tokens; the model's context holds 128");
  await expect(inspect("x", { top: -1 })).rejects.toMatchObject({ field: "top" });
  expect(await inspect("\ud800 lone")).toHaveLength(8);
  const other = { ...chain.model, architecture: { ...chain.model.architecture, d: 64 } };
  await expect(inspect("x", { model: other })).rejects.toMatchObject({ code: "mismatch", field: "model" });
});
