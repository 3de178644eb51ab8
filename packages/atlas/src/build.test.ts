import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, inflateSync } from "node:zlib";
import { finish, sha256 } from "@lexiscope/core";
import { withTask } from "@lexiscope/native";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildAtlas, type Atlas, type FeatureExample } from "./index.ts";
import { makeTinyChain, tinySite, type TinyChain } from "./testing/tiny-atlas.ts";

let chain: TinyChain;
let atlas: Atlas;
/** a [n, F] over the whole store, by the plain way: every row, dense. */
let dense: { values: Float32Array; contexts: Uint32Array; positions: Uint32Array };

beforeAll(async () => {
  chain = await makeTinyChain();
  atlas = await finish(buildAtlas({ ...chain, out: join(chain.folder, "atlas") }));
  dense = await encodeStore(chain);
}, 120_000);
afterAll(async () => {
  atlas?.close();
  await rm(chain.folder, { recursive: true });
});

async function encodeStore({ store, dictionary }: TinyChain): Promise<typeof dense> {
  const { features, k } = dictionary.native;
  const [values, contexts, positions]: number[][] = [[], [], []];
  for (let shard = 0; shard < store.manifest.shards.length; shard++) {
    const rows = await store.rows(shard, tinySite, "all");
    const code = await withTask(undefined, (task) => dictionary.native.encode(rows.rows, task));
    for (let r = 0; r < rows.contexts.length; r++) {
      const row = new Array<number>(features).fill(0);
      for (let i = r * k; i < (r + 1) * k; i++) row[code.indices[i] ?? 0] = code.values[i] ?? 0;
      values?.push(...row);
    }
    contexts?.push(...rows.contexts);
    positions?.push(...rows.positions);
  }
  return {
    values: Float32Array.from(values ?? []),
    contexts: Uint32Array.from(contexts ?? []),
    positions: Uint32Array.from(positions ?? []),
  };
}

function column(feature: number): Float32Array {
  const { features } = chain.dictionary.native;
  return Float32Array.from({ length: dense.contexts.length }, (_, r) => dense.values[r * features + feature] ?? 0);
}

test("statistics are those of every row of the store", async () => {
  const n = dense.contexts.length;
  expect(atlas.manifest.index).toMatchObject({
    tokens: n,
    contexts: chain.store.manifest.contexts,
    top: 20,
    intervals: 10,
    perInterval: 3,
    seed: 0,
  });
  let alive = 0;
  for (let f = 0; f < chain.dictionary.native.features; f++) {
    const firing = column(f).filter((a) => a > 0);
    const summary = atlas.summary(f);
    expect(summary).toMatchObject({
      index: f,
      fired: firing.length,
      density: firing.length / n,
      maximum: firing.reduce((a, b) => Math.max(a, b), 0),
    });
    expect(summary.mean).toBeCloseTo(firing.length === 0 ? 0 : firing.reduce((a, b) => a + b, 0) / firing.length, 10);
    const { histogram } = await atlas.feature(f);
    expect(histogram.counts).toHaveLength(40);
    expect(histogram.counts.reduce((a, b) => a + b, 0)).toBe(firing.length);
    alive += Number(firing.length > 0);
  }
  expect(atlas.manifest.index.alive).toBe(alive);
});

test("examples are the strongest contexts, and samples that lie in their interval", async () => {
  const [busiest] = atlas.list({ orderBy: "fired", descending: true, limit: 1, offset: 0 }).items;
  const feature = await atlas.feature(busiest?.index ?? 0);
  const a = column(feature.index);
  const peaks = new Map<number, number>();
  for (const [r, context] of dense.contexts.entries()) peaks.set(context, Math.max(peaks.get(context) ?? 0, a[r] ?? 0));
  const strongest = feature.examples.filter(({ interval }) => interval === -1);
  const value = (example: FeatureExample): number => example.activations[example.peak] ?? 0;
  expect(strongest.map(value)).toEqual(
    Array.from(peaks.values())
      .toSorted((x, y) => y - x)
      .slice(0, 20),
  );
  for (let interval = 0; interval < 10; interval++) {
    for (const example of feature.examples.filter((e) => e.interval === interval)) {
      const tenth = (value(example) / feature.maximum) * 10;
      expect(tenth).toBeGreaterThan(interval);
      expect(tenth).toBeLessThanOrEqual(interval + 1 + 1e-6);
    }
  }
  expect(new Set(feature.examples.map(({ interval }) => interval)).size).toBeGreaterThan(8);
});

test("running the model on a stored example gives the stored activations", async () => {
  const dictionary = await atlas.dictionary();
  const { k } = dictionary.native;
  for (const { index, maximum } of atlas.list({ orderBy: "maximum", descending: true, limit: 5, offset: 0, filter: { alive: true } })
    .items) {
    for (const { tokens, activations, peak } of (await atlas.feature(index)).examples) {
      const taps = [{ site: tinySite, values: "bf16" as const }];
      const output = await withTask(undefined, (task) =>
        chain.model.native.forward({ tokens, lengths: Int32Array.of(tokens.length), taps, edits: [], logits: "none", top: 0 }, task),
      );
      const code = await withTask(undefined, (task) => dictionary.native.encode(output.taps[0]?.values as Uint16Array, task));
      const again = new Float32Array(tokens.length);
      for (const [i, feature] of code.indices.entries()) if (feature === index) again[Math.floor(i / k)] = code.values[i] ?? 0;
      again[0] = 0; // left out of the store
      for (const [r, a] of activations.entries()) expect(Math.abs(a - (again[r] ?? 0))).toBeLessThanOrEqual(1e-3 * maximum);
      expect(activations[peak]).toBeGreaterThan(0);
    }
  }
});

test("neighbours are those of exact cosines and of exact co-activation", async () => {
  const { d, features } = chain.dictionary.native;
  const feature = await atlas.feature(atlas.list({ orderBy: "fired", descending: true, limit: 1, offset: 0 }).items[0]?.index ?? 0);
  const row = (f: number): Float32Array => chain.dictionary.decoder.subarray(f * d, (f + 1) * d);
  const cosines = Array.from({ length: features }, (_, f) => row(f).reduce((sum, v, i) => sum + v * (row(feature.index)[i] ?? 0), 0));
  const nearest = cosines
    .map((cosine, index) => ({ index, cosine }))
    .filter(({ index }) => index !== feature.index)
    .toSorted((a, b) => b.cosine - a.cosine);
  expect(feature.neighbours.map(({ index }) => index)).toEqual(nearest.slice(0, 20).map(({ index }) => index));
  expect(feature.neighbours[0]?.cosine).toBeCloseTo(nearest[0]?.cosine ?? 0, 5);

  const [a, n] = [column(feature.index), dense.contexts.length];
  const npmi = Array.from({ length: features }, (_, index) => {
    const b = column(index);
    const joint = a.reduce((count, v, r) => count + Number(v > 0 && (b[r] ?? 0) > 0), 0);
    const score = Math.log((joint * n) / (feature.fired * atlas.summary(index).fired)) / Math.log(n / joint);
    return { index, npmi: score, count: joint };
  });
  const expected = npmi
    .filter(({ index, count, npmi: score }) => index !== feature.index && count >= 3 && score > 0)
    .toSorted((x, y) => y.npmi - x.npmi);
  expect(feature.coactive.map(({ index, count }) => ({ index, count }))).toEqual(
    expected.slice(0, 20).map(({ index, count }) => ({ index, count })),
  );
  expect(feature.coactive[0]?.npmi).toBeCloseTo(expected[0]?.npmi ?? 0, 5);
});

test("the tokens that a feature fires on are those of an exact count", async () => {
  const ids = new Map<number, Int32Array>();
  for (let shard = 0; shard < chain.store.manifest.shards.length; shard++)
    for (const { id, tokens } of await chain.store.contexts(shard)) ids.set(id, tokens);
  const token = Array.from(dense.contexts, (context, r) => ids.get(context)?.[dense.positions[r] ?? 0] ?? -1);
  const feature = await atlas.feature(atlas.list({ orderBy: "fired", descending: true, limit: 1, offset: 0 }).items[0]?.index ?? 0);
  const [a, n] = [column(feature.index), token.length];
  const all = Array.from(new Set(token), (id) => {
    const count = token.reduce((sum, other, r) => sum + Number(other === id && (a[r] ?? 0) > 0), 0);
    const rows = token.reduce((sum, other) => sum + Number(other === id), 0);
    return { id, count, npmi: Math.log((count * n) / (feature.fired * rows)) / Math.log(n / count) };
  });
  const expected = all.filter(({ count, npmi }) => count >= 3 && npmi > 0).toSorted((x, y) => y.npmi - x.npmi);
  expect(feature.tokens.map(({ id, count }) => ({ id, count }))).toEqual(expected.slice(0, 24).map(({ id, count }) => ({ id, count })));
  expect(feature.tokens[0]?.text).toBe(chain.model.tokenizer.tokenText(feature.tokens[0]?.id ?? 0));
});

test("the folder holds the dictionary as it is, and feature files that other readers know", async () => {
  for (const name of ["cfg.json", "sae_weights.safetensors"]) {
    expect(sha256(await readFile(join(atlas.path, name)))).toBe(sha256(await readFile(join(chain.dictionary.path, name))));
  }
  const index = JSON.parse(gunzipSync(await readFile(join(atlas.path, "examples", "index.json.gz"))).toString()) as Record<
    string,
    { filename: string; offsets: number[] }
  >;
  const { filename = "", offsets = [] } = index["1"] ?? {};
  const bytes = await readFile(join(atlas.path, "examples", filename));
  const f = atlas.list({ orderBy: "fired", descending: true, limit: 1, offset: 0 }).items[0]?.index ?? 0;
  const record = bytes.subarray(offsets[f], offsets[f + 1]);
  expect(record.readUInt32LE(0)).toBe(record.byteLength - 4);
  const feature = JSON.parse(inflateSync(record.subarray(4)).toString()) as {
    index: number;
    examples_quantiles: {
      quantile_name: string;
      examples: { tokens: string[]; tokens_acts_list: number[]; train_token_ind: number; is_repeated_datapoint: boolean }[];
    }[];
    top_logits: string[];
    bottom_logits: string[];
  };
  expect(feature).toMatchObject({ index: f, activation_frequency: atlas.summary(f).density });
  expect(feature.examples_quantiles[0]?.quantile_name).toBe("Top activations");
  expect(feature.examples_quantiles[1]?.quantile_name).toMatch(/^Interval 10 of 10: [\d.]+ to [\d.]+$/);
  expect([feature.top_logits.length, feature.bottom_logits.length]).toEqual([20, 20]);
  const example = feature.examples_quantiles[0]?.examples[0];
  expect(example?.tokens.length).toBe(example?.tokens_acts_list.length);
  expect(example?.tokens_acts_list[example.train_token_ind]).toBeCloseTo(atlas.summary(f).maximum, 5);
});

test("the same inputs give the same bytes; another seed other samples", async () => {
  const again = await finish(buildAtlas({ ...chain, out: join(chain.folder, "again") }));
  expect(again.manifest.files).toEqual(atlas.manifest.files);
  const seeded = await finish(buildAtlas({ ...chain, out: join(chain.folder, "seeded"), seed: 5 }));
  expect(seeded.manifest.files.find(({ file }) => file.endsWith("layer-1.bin"))).not.toEqual(
    atlas.manifest.files.find(({ file }) => file.endsWith("layer-1.bin")),
  );
  again.close();
  seeded.close();
});

test("a build that is stopped leaves nothing, whenever it is stopped", async () => {
  const out = join(chain.folder, "stopped");
  for (const phase of ["index", "output effects", "neighbours", "write"]) {
    const controller = new AbortController();
    const work = finish(buildAtlas({ ...chain, out, signal: controller.signal }), (event) => {
      if (event.phase === phase) controller.abort();
    });
    await expect(work).rejects.toMatchObject({ code: "aborted" });
    expect((await readdir(chain.folder)).filter((name) => name.includes("stopped"))).toEqual([]);
  }
});

test("an atlas that is there is kept unless it is to be replaced; the same build again finds it finished", async () => {
  await expect(finish(buildAtlas({ ...chain, out: atlas.path, top: 3 }))).rejects.toMatchObject({ code: "invalid_input", field: "out" });
  const messages: string[] = [];
  const same = await finish(buildAtlas({ ...chain, out: atlas.path }), ({ message }) => messages.push(message ?? ""));
  expect(messages).toEqual(["finished already"]);
  expect(same.manifest).toEqual(atlas.manifest);
  same.close();
  const replaced = await finish(
    buildAtlas({ ...chain, out: join(chain.folder, "again"), replace: true, top: 2, perInterval: 0, neighbours: 1 }),
  );
  expect(replaced.manifest.index).toMatchObject({ top: 2, perInterval: 0 });
  const feature = await replaced.feature(replaced.list({ orderBy: "fired", descending: true, limit: 1, offset: 0 }).items[0]?.index ?? 0);
  expect([feature.examples.length, feature.neighbours.length]).toEqual([2, 1]);
  replaced.close();
});

test("settings and inputs that do not fit are named", async () => {
  const refused = (options: object): Promise<unknown> => finish(buildAtlas({ ...chain, out: join(chain.folder, "no"), ...options }));
  await expect(refused({ intervals: 0 })).rejects.toMatchObject({ code: "invalid_input", field: "intervals" });
  await expect(refused({ seed: 0.5 })).rejects.toMatchObject({ code: "invalid_input", field: "seed" });
  const { manifest } = chain.dictionary;
  const other = (change: object): object => ({ dictionary: { ...chain.dictionary, manifest: { ...manifest, ...change } } });
  await expect(refused(other({ site: "blocks.0.hook_resid_post" }))).rejects.toMatchObject({ code: "mismatch", field: "site" });
  await expect(refused(other({ model: { ...manifest.model, weightsHash: "0".repeat(64) } }))).rejects.toMatchObject({
    code: "mismatch",
    field: "model",
  });
});
