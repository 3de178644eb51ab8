import type { FeatureDetail, FeatureList, SearchResponse } from "@lexiscope/contract";
import { exampleSchema, featureDetailSchema, featureListSchema, histogramSchema, searchResponseSchema } from "@lexiscope/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, syntheticFeatures, type TestServer } from "../testing/test-server.ts";

let t: TestServer;
beforeAll(async () => {
  t = await startTestServer();
});
afterAll(() => t.close());
const features = "/api/atlases/small/features";

it("lists by every column, both ways, in pages that fit together", async () => {
  for (const sort of ["density", "maximum", "effect", "fired", "index"] as const) {
    const down = featureListSchema.parse(await t.json("GET", `${features}?sort=${sort}&limit=500`));
    expect([down.total, down.items.length]).toEqual([syntheticFeatures, syntheticFeatures]);
    const values = down.items.map((row) => row[sort]);
    expect(values).toEqual(values.toSorted((a, b) => b - a));
    const up = await t.json<FeatureList>("GET", `${features}?sort=${sort}&order=ascending&limit=5&offset=10`);
    expect(up.items.map((row) => row[sort])).toEqual(values.toReversed().slice(10, 15));
  }
});

it("filters by ranges, by life, by list, and past the end there is nothing", async () => {
  const all = await t.json<FeatureList>("GET", `${features}?limit=500`);
  const maxima = all.items.map(({ maximum }) => maximum).sort((a, b) => a - b);
  const [low, high] = [maxima[100] ?? 0, maxima[200] ?? 0];
  const some = await t.json<FeatureList>("GET", `${features}?limit=500&maximumMin=${low}&maximumMax=${high}`);
  expect(some.items.every(({ maximum }) => maximum >= low * 0.999 && maximum <= high * 1.001)).toBe(true);
  expect(some.total).toBe(maxima.filter((value) => value >= low && value <= high).length);
  const dead = await t.json<FeatureList>("GET", `${features}?alive=false`);
  expect(dead.total).toBe(all.items.filter(({ fired }) => fired === 0).length);
  expect((await t.json<FeatureList>("GET", `${features}?offset=100000`)).items).toEqual([]);
});

it("shows a feature lean, and one example whole", async () => {
  const feature = featureDetailSchema.parse(await t.json<FeatureDetail>("GET", `${features}/64?before=3&after=2`));
  expect(feature).toMatchObject({ id: "small/64", atlas: "small", index: 64, label: null, lists: [] });
  expect(feature.examples.length).toBeGreaterThan(0);
  for (const [n, example] of feature.examples.entries()) {
    expect(example.n).toBe(n);
    expect(example.tokens.length).toBeLessThanOrEqual(6);
    expect(example.activations.length).toBe(example.tokens.length);
  }
  const [example] = feature.examples;
  const whole = exampleSchema.parse(await t.json("GET", `${features}/64/examples/0`));
  expect(whole.tokens.length).toBe(example?.length);
  expect(whole.tokens.slice(example?.from, (example?.from ?? 0) + (example?.tokens.length ?? 0))).toEqual(example?.tokens);
  expect((await t.ask("GET", `${features}/64/examples/9999`)).status).toBe(404);
});

it("what only the atlas decides is not sent twice", async () => {
  const first = await t.ask("GET", "/api/atlases/small/histogram?column=maximum&bins=10");
  const { counts, edges } = histogramSchema.parse(first.json());
  expect([counts.length, edges.length]).toEqual([10, 11]);
  const again = await t.ask("GET", "/api/atlases/small/histogram?column=maximum&bins=10", {
    headers: { "if-none-match": String(first.headers.etag) },
  });
  expect([again.status, again.text]).toEqual([304, ""]);
  const other = await t.ask("GET", "/api/atlases/small/histogram?column=maximum&bins=11", {
    headers: { "if-none-match": String(first.headers.etag) },
  });
  expect(other.status).toBe(200);
});

it("searches words, one atlas or all", async () => {
  const { word } = await t.json<FeatureDetail>("GET", `${features}/64`);
  for (const query of [`q=${word}`, `q=${word}&atlas=small`]) {
    const found = searchResponseSchema.parse(await t.json<SearchResponse>("GET", `/api/search?${query}`));
    expect(found.results[0]?.atlas).toBe("small");
    const scores = found.results.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  }
  const listed = await t.json<FeatureList>("GET", `${features}?q=${word}`);
  expect(listed.total).toBeGreaterThan(0);
  expect((await t.json<FeatureList>("GET", `${features}?q=%20%20`)).total).toBe(syntheticFeatures);
});

it.each([
  [`${features}?sort=size`, "sort"],
  [`${features}?sort=relevance`, "sort"],
  [`${features}?order=up`, "order"],
  [`${features}?offset=-1`, "offset"],
  [`${features}?offset=1.5`, "offset"],
  [`${features}?offset=1e99`, "offset"],
  [`${features}?limit=0`, "limit"],
  [`${features}?limit=501`, "limit"],
  [`${features}?limit=abc`, "limit"],
  [`${features}?limit=1&limit=2`, "limit"],
  [`${features}?densityMin=x`, "densityMin"],
  [`${features}?densityMin=2&densityMax=1`, "densityMin"],
  [`${features}?maximumMin=Infinity`, "maximumMin"],
  [`${features}?effectMax=NaN`, "effectMax"],
  [`${features}?alive=maybe`, "alive"],
  [`${features}?named=false`, "named"],
  [`${features}?list=${"x".repeat(101)}`, "list"],
  [`${features}?q=${"x".repeat(1001)}`, "q"],
  [`${features}/abc`, "feature"],
  [`${features}/-1`, "feature"],
  [`${features}/1.5`, "feature"],
  [`${features}/1?before=-1`, "before"],
  [`${features}/1/examples/x`, "n"],
  ["/api/atlases/small/histogram?column=mean", "column"],
  ["/api/atlases/small/histogram?bins=3", "bins"],
  ["/api/search", "q"],
  ["/api/search?q=a&limit=1000", "limit"],
  [`${features}/1/export?format=pdf`, "format"],
])("%s is refused, and the field named", async (path, field) => {
  const answer = await t.ask("GET", path);
  expect(answer.status).toBe(400);
  expect(answer.json().error).toMatchObject({ code: "invalid_input", field });
});

it.each([
  "/api/atlases/none",
  "/api/atlases/none/features",
  `${features}/${syntheticFeatures}`,
  `${features}?list=none`,
  "/api/search?q=a&atlas=none",
])("%s does not exist", async (path) => {
  const answer = await t.ask("GET", path);
  expect([answer.status, answer.json().error.code]).toEqual([404, "not_found"]);
});
