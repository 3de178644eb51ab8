import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openAtlas, type Atlas, type FeatureList, type ListOptions } from "./index.ts";
import { writeSyntheticAtlas } from "./testing/index.ts";

const features = 20_000;
let folder: string;
let atlas: Atlas;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-list-"));
  await writeSyntheticAtlas({ folder: join(folder, "wide"), features, fullEvery: 1000 });
  atlas = await openAtlas(join(folder, "wide"));
}, 120_000);
afterAll(async () => {
  atlas?.close();
  await rm(folder, { recursive: true });
});

const list = (options: Partial<ListOptions>): FeatureList =>
  atlas.list({ orderBy: "density", descending: true, limit: 50, offset: 0, ...options });
const indicesOf = ({ items }: FeatureList): number[] => items.map(({ index }) => index);

test("a synthetic atlas is an atlas: it verifies, and every page opens", async () => {
  await atlas.verify();
  expect((await atlas.dictionary()).manifest.features).toBe(features);
  for (let index = 0; index < features; index += 397) {
    const { examples, fired, maximum, word } = await atlas.feature(index, { window: { before: 8, after: 4 } });
    if (fired === 0) continue;
    expect(examples[0]?.activations[examples[0].peak]).toBeCloseTo(maximum, 3);
    expect(examples.map(({ texts, peak }) => texts[peak]?.trim()).join(" ")).not.toBe("");
    expect(word).not.toBe("");
  }
  const again = join(folder, "again");
  await writeSyntheticAtlas({ folder: again, features: 50 });
  await writeSyntheticAtlas({ folder: `${again}2`, features: 50 });
  const [one, two] = [await openAtlas(again), await openAtlas(`${again}2`)];
  expect(one.manifest).toEqual(two.manifest);
  for (const opened of [one, two]) opened.close();
});

test("pages follow each other to the end", () => {
  const { total } = list({ filter: { alive: true } });
  expect(total).toBe(atlas.manifest.index.alive);
  const seen = new Set<number>();
  let last = Number.POSITIVE_INFINITY;
  for (let offset = 0; offset < total; offset += 1000)
    for (const { index, density } of list({ limit: 1000, offset, filter: { alive: true } }).items) {
      expect(density).toBeLessThanOrEqual(last);
      last = density;
      seen.add(index);
    }
  expect(seen.size).toBe(total);
  expect(list({ offset: total, filter: { alive: true } }).items).toEqual([]);
});

test("a brush over the histogram lists what it counts", () => {
  const { edges, counts } = atlas.densityHistogram();
  const [low = 0, high = 0] = [edges[10], edges[20]];
  const { total, items } = list({ limit: 1000, filter: { density: [low, high] } });
  expect(total).toBe(counts.slice(10, 20).reduce((a, b) => a + b, 0) + list({ filter: { density: [high, high] } }).total);
  for (const { density } of items) expect(density >= low && density <= high).toBe(true);
});

test("a search is listed by relevance or any column, and filtered", () => {
  const hits = atlas.search("which", 1000);
  const found = list({ orderBy: "relevance", filter: { query: "which" } });
  expect(indicesOf(found)).toEqual(hits.slice(0, 50).map(({ index }) => index));
  expect(found.items[0]?.hit).toEqual({ score: hits[0]?.score, where: hits[0]?.where });
  expect(found.items[0]?.word).toBe("which");
  const byMaximum = list({ orderBy: "maximum", limit: 1000, filter: { query: "which" } });
  expect(byMaximum.total).toBe(found.total);
  expect(byMaximum.items.map(({ maximum }) => maximum)).toEqual(byMaximum.items.map(({ maximum }) => maximum).toSorted((a, b) => b - a));
  const peaks = list({ orderBy: "relevance", limit: 1000, filter: { query: "which", in: ["peak"] } });
  expect(peaks.total).toBeLessThan(found.total);
  for (const { hit } of peaks.items) expect(hit?.where).toContain("peak");
  const narrow = list({ orderBy: "relevance", limit: 1000, filter: { query: "which", density: [0, 1e-4], alive: true } });
  for (const { density, fired } of narrow.items) expect(density <= 1e-4 && fired > 0).toBe(true);
});

test("features that people named so come first", () => {
  const { total } = list({ orderBy: "relevance", filter: { query: "which" } });
  const hits = new Set(atlas.search("which", 1000).map(({ index }) => index));
  const stranger = Array.from({ length: features }, (_, i) => i).findLast((i) => !hits.has(i)) ?? 0;
  const named = list({ orderBy: "relevance", filter: { query: "which", named: [stranger, 5 * features] } });
  expect([indicesOf(named)[0], named.items[0]?.hit]).toEqual([stranger, undefined]);
  expect(named.total - total).toBeLessThanOrEqual(1);
});

test("a word that stands for more features than are looked at gives the strongest, and says so", () => {
  const common = list({ orderBy: "relevance", filter: { query: "the" } });
  expect(common.truncated).toBe(true);
  expect(common.total).toBeLessThanOrEqual(10_000);
  for (const { hit } of common.items) expect(hit?.score).toBeGreaterThan(1);
  const rare = list({ orderBy: "relevance", filter: { query: "kamika" } });
  expect(rare.truncated).toBe(false);
  // A common word beside a rarer one is judged where the rarer one is.
  const both = list({ orderBy: "relevance", limit: 1000, filter: { query: `the ${rare.items[0]?.word ?? ""}` } });
  expect(both.items.slice(0, 100).some(({ word }) => word === rare.items[0]?.word)).toBe(true);
});
