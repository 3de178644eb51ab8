import { withTask } from "@lexiscope/native";
import { beforeAll, describe, expect, it } from "vitest";
import { answerFeatures, featureChanges } from "./feature-changes.ts";
import { activations, openTinySteering, type TinySteering } from "./testing/tiny-steering.ts";

let tiny: TinySteering;
let ids: (text: string) => number[];
beforeAll(async () => {
  tiny = await openTinySteering();
  ids = (text) => tiny.model.tokenizer.encode(text);
});

/** a_i of every token [n][F], by the dictionary itself on one sequence alone. */
async function encoded(tokens: number[]): Promise<Map<number, number>[]> {
  const { rows } = await activations(tiny.model, Int32Array.from(tokens));
  const { k } = tiny.dictionary;
  const code = await withTask(undefined, (task) => tiny.dictionary.encode(rows, task));
  return tokens.map((_, t) => new Map(Array.from({ length: k }, (__, i) => [code.indices[t * k + i] ?? -1, code.values[t * k + i] ?? 0])));
}

const mean = (rows: Map<number, number>[], feature: number): number =>
  rows.reduce((sum, row) => sum + (row.get(feature) ?? 0), 0) / rows.length;

describe("featureChanges", () => {
  const [prompt, plain, edited] = ["seven stars", " shine on the sea", " sing to whales!"];
  it("gives means over the answers' tokens and their difference in maxima, strongest first", async () => {
    const options = { ...tiny, prompt: ids(prompt), plain: ids(plain), edited: ids(edited), top: 100 };
    const { risen, fallen, tokens } = await featureChanges(options);
    expect(tokens).toEqual({ plain: plain.length, edited: edited.length });
    const before = (await encoded(ids(prompt + plain))).slice(prompt.length);
    const after = (await encoded(ids(prompt + edited))).slice(prompt.length);
    const changes = [...risen, ...fallen];
    expect(changes.length).toBeGreaterThan(10);
    for (const { index, plain: a, edited: b, change } of changes) {
      expect(a).toBeCloseTo(mean(before, index), 5);
      expect(b).toBeCloseTo(mean(after, index), 5);
      expect(change).toBeCloseTo((b - a) / tiny.atlas.summary(index).maximum, 6);
    }
    const values = risen.map(({ change }) => change);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    expect(values.every((value) => value > 0)).toBe(true);
    expect(fallen.every(({ change }) => change < 0)).toBe(true);
    expect((await featureChanges({ ...options, top: 2 })).risen).toEqual(risen.slice(0, 2));
  });
  it("reads an answer after a prompt of its own", async () => {
    const own = "whales sing";
    const options = { ...tiny, prompt: ids(prompt), plain: ids(plain), editedPrompt: ids(own), edited: ids(edited), top: 100 };
    const { risen } = await featureChanges(options);
    const after = (await encoded(ids(own + edited))).slice(own.length);
    for (const { index, edited: b } of risen) expect(b).toBeCloseTo(mean(after, index), 5);
  });
  it("turns around when the answers do", async () => {
    const forth = await featureChanges({ ...tiny, prompt: ids(prompt), plain: ids(plain), edited: ids(edited), top: 100 });
    const back = await featureChanges({ ...tiny, prompt: ids(prompt), plain: ids(edited), edited: ids(plain), top: 100 });
    expect(back.fallen.map(({ index, change }) => [index, -change])).toEqual(forth.risen.map(({ index, change }) => [index, change]));
  });
  it("names nothing for equal answers and for an empty one", async () => {
    const same = await featureChanges({ ...tiny, prompt: ids(prompt), plain: ids(plain), edited: ids(plain) });
    expect(same).toEqual({ risen: [], fallen: [], tokens: { plain: plain.length, edited: plain.length } });
    const empty = await featureChanges({ ...tiny, prompt: ids(prompt), plain: ids(plain), edited: [] });
    expect(empty).toEqual({ risen: [], fallen: [], tokens: { plain: plain.length, edited: 0 } });
  });
  it("leaves special tokens out of the means", async () => {
    const special = [...tiny.model.tokenizer.specialIds].slice(0, 1);
    const { tokens } = await featureChanges({ ...tiny, prompt: ids(prompt), plain: ids(plain), edited: [...ids(edited), ...special] });
    expect(tokens.edited).toBe(edited.length);
  });
  it("reads as far as the context goes", async () => {
    const { tokens } = await featureChanges({ ...tiny, prompt: ids("x".repeat(120)), plain: ids("y".repeat(9)), edited: ids("z") });
    expect(tokens).toEqual({ plain: 8, edited: 1 });
  });
  it("refuses an atlas of another model and a top that is no number", async () => {
    const { dictionary } = tiny.atlas.manifest;
    const atlas = { ...tiny.atlas, manifest: { dictionary: { ...dictionary, model: { ...dictionary.model, d: 7 } } } };
    const options = { model: tiny.model, atlas, prompt: ids(prompt), plain: ids(plain), edited: ids(edited) };
    await expect(featureChanges(options)).rejects.toMatchObject({ code: "mismatch" });
    await expect(featureChanges({ ...options, ...tiny, top: -1 })).rejects.toMatchObject({ field: "top" });
  });
});

it("answerFeatures gives the strongest features of every token of the answer", async () => {
  const [prompt, answer] = ["seven stars", " shine"];
  const special = [...tiny.model.tokenizer.specialIds][0] ?? -1;
  const read = await answerFeatures({ ...tiny, prompt: ids(prompt), answer: [...ids(answer), special], top: 3 });
  expect(
    read
      .slice(0, -1)
      .map(({ text }) => text)
      .join(""),
  ).toBe(answer);
  expect(read.map(({ position }) => position)).toEqual(Array.from(read, (_, i) => prompt.length + i));
  expect(read.at(-1)).toMatchObject({ id: special, leftOut: "special token", active: 0, features: [] });
  const want = (await encoded(ids(prompt + answer))).slice(prompt.length);
  for (const [i, { active, features }] of read.slice(0, -1).entries()) {
    const all = [...(want[i] ?? [])].filter(([, a]) => a > 0).sort((a, b) => b[1] - a[1]);
    expect(active).toBe(all.length);
    expect(features.map(({ index }) => index)).toEqual(all.slice(0, 3).map(([index]) => index));
    for (const { index, activation, share } of features) {
      const { maximum } = tiny.atlas.summary(index);
      if (maximum > 0) expect(share).toBeCloseTo(activation / maximum, 6);
      else expect(share).toBeUndefined();
    }
  }
});
