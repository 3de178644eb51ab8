import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  cliProgressSchema,
  featureResultSchema,
  forwardResultSchema,
  generationResultSchema,
  harvestResultSchema,
  indexResultSchema,
  inspectResultSchema,
  listResultSchema,
  modelResultSchema,
  searchResultSchema,
  startResultSchema,
  trainResultSchema,
} from "@lexiscope/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lexiscope, makeHome, tinyStart, writeReports } from "./support.ts";

let home: string;
let text: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ home, remove } = await makeHome());
  text = await writeReports(join(home, "reports"), 16);
});
afterAll(() => remove());

async function json(...args: string[]): Promise<unknown> {
  const run = await lexiscope([...args, "--json"], { home });
  expect(run.stderr).toBe("");
  expect(run.code, run.stdout).toBe(0);
  return run.last();
}

test("model says what was opened", async () => {
  const model = modelResultSchema.parse(await json("model"));
  expect(model).toMatchObject({
    name: "smollm2-135m-instruct",
    parameters: 134_515_008,
    chatTemplate: true,
    architecture: { layers: 30, d: 576 },
  });
  expect(model.identity.fileHash).toBe("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53");
});

test("forward adds no token of its own and gives likely next tokens", async () => {
  const result = forwardResultSchema.parse(await json("forward", "--text", "The capital of France is", "--norms"));
  expect(result.tokens.map((token) => token.text).join("")).toBe("The capital of France is");
  expect(result.tokens.at(-1)?.top.map((token) => token.text)).toContain(" Paris");
  expect(Object.keys(result.tokens[0]?.norms ?? {})).toHaveLength(30);
});

test("the chain, command by command", async () => {
  const lines = (
    await lexiscope(["harvest", "--text", text, "--tokens", "6k", "--context", "64", "--out", "small", "--json"], { home })
  ).lines();
  for (const line of lines.slice(0, -1)) cliProgressSchema.parse(line);
  const store = harvestResultSchema.parse(lines.at(-1));
  expect(store.sites).toEqual(["blocks.15.hook_resid_post"]);
  expect(store.rows).toBeLessThanOrEqual(store.tokens - store.contexts); // position 0 never counts
  expect(store.heldOutRows).toBeGreaterThan(0);

  const dictionary = trainResultSchema.parse(
    await json("train", "--preset", "short", "--features", "256", "--k", "8", "--steps", "60", "--batch", "512", "--dictionary", "small"),
  );
  expect(dictionary.metrics.l0).toBeCloseTo(8, 0);
  expect(dictionary.metrics.fvu).toBeLessThan(dictionary.baselines.random?.fvu ?? 0);
  expect(dictionary.metrics.deltaCe).not.toBeNull();

  const atlas = indexResultSchema.parse(await json("index"));
  expect(atlas).toMatchObject({ features: 256, tokens: store.rows });
  expect(atlas.alive).toBeGreaterThan(64);

  const { results } = searchResultSchema.parse(await json("search", "otter"));
  const found = results[0]?.index ?? -1;
  expect(found).toBeGreaterThanOrEqual(0);
  const feature = featureResultSchema.parse(await json("feature", `small/${found}`));
  expect(feature.examples.length).toBeGreaterThan(0);
  expect(Math.max(...feature.examples.flatMap(({ tokens }) => tokens.map(({ activation }) => activation)))).toBeCloseTo(feature.maximum, 3);

  const inspected = inspectResultSchema.parse(await json("inspect", "The otter of the river counted 12 stones."));
  expect(inspected.tokens[0]?.leftOut).toBe("position 0");
  for (const { features, active } of inspected.tokens.slice(1)) expect(features.length).toBeLessThanOrEqual(active);

  const steered = generationResultSchema.parse(
    await json("generate", "The otter", "--edit", `clamp:${found}=6x`, "--beside", "--max-tokens", "12"),
  );
  expect(steered.variants).toHaveLength(2);
  expect(steered.variants[0]?.text).not.toBe(steered.variants[1]?.text);
  const plain = generationResultSchema.parse(await json("generate", "The otter", "--max-tokens", "12"));
  expect(steered.variants[0]?.text).toBe(plain.variants[0]?.text);
}, 240_000);

test("what a person reads has no JSON, and what is printed is the same without a terminal", async () => {
  const run = await lexiscope(["feature", "small/0"], { home });
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("small/0");
  expect(run.stdout).not.toContain("\x1b[");
});

test("a chat answers one message, or a message a line from a pipe", async () => {
  const reply = generationResultSchema.parse(await json("chat", "Say hello.", "--max-tokens", "8", "--temperature", "0"));
  expect(reply.variants[0]?.text.trim()).not.toBe("");
  const piped = await lexiscope(["chat", "--max-tokens", "8", "--temperature", "0"], { home, input: "Say hello.\nAgain.\n" });
  expect(piped.code, piped.stderr).toBe(0);
  expect(piped.stdout).toContain(reply.variants[0]?.text.trim().slice(0, 12));
});

test("start makes everything once; the second time is quick and says the same", async () => {
  const args = [...tinyStart("tour", text), "--json"];
  const first = await lexiscope(args, { home });
  expect(first.code, first.stdout).toBe(0);
  const made = startResultSchema.parse(first.last());
  expect(made.phases.map(({ name }) => name)).toEqual(["model", "harvest", "train", "index", "look and steer"]);
  const second = await lexiscope(args, { home });
  expect(startResultSchema.parse(second.last())).toEqual(made);
  expect(second.seconds).toBeLessThan(5);
  const otherText = join(home, "other.txt");
  await writeFile(otherText, "The ship went on through the night and the captain slept until the morning came. ".repeat(40));
  // Another request under the same name is refused, never answered with what lies there.
  for (const change of [
    ["--k", "4"],
    ["--steps", "21"],
    ["--text", otherText],
  ]) {
    const other = await lexiscope([...tinyStart("tour", text), ...change], { home });
    expect(other, change.join(" ")).toMatchObject({ code: 6, stderr: expect.stringContaining("--name") });
  }
}, 240_000);

test("list shows it all with its disk use", async () => {
  const { items, bytes } = listResultSchema.parse(await json("list"));
  expect(
    items.filter(({ kind }) => kind !== "model" && kind !== "text").map(({ kind, name, complete }) => `${kind} ${name} ${complete}`),
  ).toEqual([
    "store small true",
    "store tour true",
    "dictionary small true",
    "dictionary tour true",
    "atlas small true",
    "atlas tour true",
  ]);
  expect(bytes).toBe(items.reduce((sum, item) => sum + item.bytes, 0));
});
