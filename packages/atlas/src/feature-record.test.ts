import fc from "fast-check";
import { expect, test } from "vitest";
import { exampleContextsFrom } from "./example-contexts.ts";
import { readFeatureRecord, shortFloat, writeFeatureRecord } from "./feature-record.ts";

const tokens = Array.from({ length: 100 }, (_, i) => 1000 + i);
const contexts = exampleContextsFrom([{ id: 4, document: 2, start: 256, tokens, texts: tokens.map((id) => ` t${id}`) }]);
const summary = { index: 3, density: 0.25, fired: 25, maximum: 2.5, mean: 1, topToken: " t1060" };
const example = {
  context: 0,
  positions: Uint32Array.of(2, 60, 99),
  values: Float32Array.of(0.1, 2.5, 1.7),
  peak: 60,
  interval: -1,
  repeat: false,
};
const text = writeFeatureRecord({
  summary,
  histogram: [1, 24],
  top: [{ id: 1, text: " up", value: 1 }],
  bottom: [],
  examples: [example, { ...example, interval: 9, repeat: true }],
  intervals: 10,
  contexts,
});
const contextOf = async (ordinal: number): Promise<{ id: number; document: number; start: number; tokens: number[] }> =>
  contexts.get(ordinal);
const reader = { file: "x.bin", contextOf, tokenText: (id: number): string => ` t${id}` };

test("a record shows the stretch around the peak, and is read back whole", async () => {
  const record = JSON.parse(text) as { examples_quantiles: { quantile_name: string; examples: Record<string, unknown>[] }[] };
  expect(record).toMatchObject({
    index: 3,
    act_max: 2.5,
    activation_frequency: 0.25,
    histogram: [1, 24],
    top_logits: [" up"],
    bottom_logits: [],
  });
  expect(record.examples_quantiles.map(({ quantile_name: name }) => name)).toEqual([
    "Top activations",
    "Interval 10 of 10: 2.250 to 2.500",
  ]);
  const shown = record.examples_quantiles[0]?.examples[0];
  expect(shown).toMatchObject({
    train_token_ind: 40,
    document: 2,
    start: 256,
    peak: 60,
    interval: -1,
    positions: [2, 60, 99],
    values: [0.1, 2.5, 1.7],
  });
  expect(shown?.["tokens"]).toEqual(Array.from({ length: 65 }, (_, i) => ` t${1020 + i}`));
  expect(shown?.["tokens_acts_list"]).toEqual(Array.from({ length: 65 }, (_, i) => (i === 40 ? 2.5 : 0)));

  const examples = await readFeatureRecord(reader, 3, record);
  const activations = new Float32Array(100);
  activations.set([0.1], 2);
  activations.set([2.5], 60);
  activations.set([1.7], 99);
  expect(examples).toEqual(
    [-1, 9].map((interval) => ({
      tokens: Int32Array.from(tokens),
      texts: tokens.map((id) => ` t${id}`),
      activations,
      document: 2,
      start: 256,
      from: 0,
      length: 100,
      peak: 60,
      interval,
      repeat: interval === 9,
    })),
  );
});

test("examples are cropped to a window, and one can be read alone", async () => {
  const record: unknown = JSON.parse(text);
  const [, cropped, ...others] = await readFeatureRecord(reader, 3, record, { window: { before: 2, after: 50 } });
  expect(others).toEqual([]);
  expect(cropped).toMatchObject({ from: 58, length: 100, peak: 2, start: 256, interval: 9 });
  expect(cropped?.tokens).toEqual(Int32Array.from(tokens.slice(58)));
  expect(cropped?.texts[2]).toBe(" t1060");
  expect(Array.from(cropped?.activations ?? []).flatMap((a, i) => (a > 0 ? [i] : []))).toEqual([2, 41]);
  expect(await readFeatureRecord(reader, 3, record, { window: { before: 2, after: 50 }, n: 1 })).toEqual([cropped]);
  expect(await readFeatureRecord(reader, 3, record, { n: 2 })).toEqual([]);
  await expect(readFeatureRecord(reader, 3, record, { window: { before: 0.5, after: 1 } })).rejects.toMatchObject({
    code: "invalid_input",
    field: "before",
  });
});

test("records that lie are refused by name", async () => {
  const read = (change: (json: string) => string, index = 3): Promise<unknown> =>
    readFeatureRecord(reader, index, JSON.parse(change(text)));
  await expect(read((json) => json, 4)).rejects.toThrow("record 4 is feature 3");
  await expect(read((json) => json.replace('"peak":60', '"peak":100'))).rejects.toMatchObject({
    code: "bad_file",
    file: "x.bin",
    field: "record 3",
  });
  await expect(read((json) => json.replace("[2,60,99]", "[2,60,100]"))).rejects.toMatchObject({ code: "bad_file" });
  await expect(read((json) => json.replace('"values":[0.1', '"values":["0.1"'))).rejects.toThrow("is not a feature");
});

test("short decimals are the same f32", () => {
  expect([0.1, 1 / 3, 3.8004603385925293].map((v) => shortFloat(Math.fround(v)))).toEqual([0.1, 0.33333334, 3.8004603]);
  fc.assert(
    fc.property(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      (value) => Object.is(Math.fround(shortFloat(value)), value) || value === 0,
    ),
  );
});
