// Measures what a server waits for when somebody browses an atlas, and prints a table:
//   node bench/atlas/latency.ts ATLAS [--requests 200]
import { parseArgs } from "node:util";
import { openAtlas, type Atlas, type FeatureOrder, type ListOptions } from "@lexiscope/atlas";
import { createRandom } from "@lexiscope/core";

const { values, positionals } = parseArgs({
  options: { requests: { type: "string", default: "200" } },
  allowPositionals: true,
});
const [folder] = positionals;
if (folder === undefined) throw new Error("say which atlas: a folder, or a name on the shelf");
const requests = Number(values.requests);
const random = createRandom(7);
const started = performance.now();
const atlas = await openAtlas(folder);
const { features } = atlas.manifest.dictionary;
console.log(`${features} features, opened (and the database's hash checked) in ${((performance.now() - started) / 1000).toFixed(1)} s`);
console.log("| request | first, ms | p50 | p95 | p99 | largest |\n|---|---|---|---|---|---|");

type Request = (atlas: Atlas, i: number) => unknown;
const orders: FeatureOrder[] = ["density", "maximum", "effect", "fired", "index"];
const page = (options: Partial<ListOptions>) => ({ orderBy: "density" as const, descending: true, limit: 100, offset: 0, ...options });
const deep = (): number => random.below(Math.max(1, features - 100));
const { items: words } = atlas.list(page({ orderBy: "maximum", limit: 1000, filter: { alive: true } }));
const rare = words.filter(({ word }) => atlas.list(page({ limit: 0, filter: { query: word } })).total < 1000).map(({ word }) => word);
const rareWord = (i: number): string => rare[i % rare.length] ?? "zebra";
const common = ["the", "of", "and", "to", "in", "is", "for", "it"];
const members = Uint32Array.from({ length: Math.min(features, 5000) }, () => random.below(features));
const span = (column: "density" | "maximum" | "effect", i: number): [number, number] => {
  const { edges } = atlas.histogramOf(column, 40, { log: true });
  const at = (i * 7) % 34;
  return [edges[at] ?? 0, edges[at + 6] ?? 1];
};

await measure("density histogram", (a) => a.densityHistogram());
await measure("histogram of effects, 60 bins", (a) => a.histogramOf("effect", 60));
for (const orderBy of orders) await measure(`list by ${orderBy}, first page`, (a, i) => a.list(page({ orderBy, descending: i % 2 === 0 })));
await measure("list, any order, any offset", (a, i) =>
  a.list(page({ orderBy: orders[i % orders.length] ?? "index", descending: i % 2 === 0, offset: deep() })),
);
await measure("list of those that fired", (a, i) => a.list(page({ offset: i * 100, filter: { alive: true } })));
await measure("brush over density, another each time", (a, i) => {
  const [low, high] = span("density", i);
  return a.list(page({ filter: { density: [low * (1 + i / 1e6), high] } }));
});
await measure("brush over density and effect, by maximum", (a, i) => {
  const [low, high] = span("density", i);
  return a.list(page({ orderBy: "maximum", filter: { density: [low * (1 + i / 1e6), high], effect: span("effect", i + 1) } }));
});
await measure("members of a list of 5,000, by effect", (a) => a.list(page({ orderBy: "effect", filter: { indices: members } })));
await measure("search, rare word", (a, i) => a.search(rareWord(i), 50));
await measure("search, common word", (a, i) => a.search(common[i % common.length] ?? "the", 50));
await measure("search, rare and common word", (a, i) => a.search(`${rareWord(i)} ${common[i % common.length]}`, 50));
await measure("search, two rare words", (a, i) => a.search(`${rareWord(i)} ${rareWord(i + 3)}`, 50));
await measure("search, two common words", (a, i) => a.search(`${common[i % 8]} ${common[(i + 3) % 8]}`, 50));
await measure("search, part of a word", (a, i) => a.search(rareWord(i).slice(1, 5), 50));
await measure("search, a word that nothing knows", (a, i) => a.search(`qqzz${i}`, 50));
await measure("search, a sentence", (a, i) => a.search(`which of the ${rareWord(i)} is in the ${rareWord(i + 5)} and not with it`, 50));
await measure("list of a search, by density", (a, i) => a.list(page({ filter: { query: `${rareWord(i)} ${common[i % 8]}` } })));
await measure("list of a search, next page", (a, i) =>
  a.list(page({ orderBy: "relevance", offset: i * 20, limit: 20, filter: { query: "the" } })),
);
await measure("feature page (50 examples), cropped", (a) =>
  a.feature(64 * random.below(Math.ceil(features / 64)), { window: { before: 24, after: 16 } }),
);
await measure("any feature page, whole contexts", (a) => a.feature(random.below(features)));
await measure("40 summaries (neighbours)", (a) => a.summaries(Array.from({ length: 40 }, () => random.below(features))));
const { rss } = process.memoryUsage();
console.log(`memory of the process: ${Math.round(rss / 2 ** 20)} MiB`);
atlas.close();

async function measure(name: string, request: Request): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < requests; i++) {
    const from = performance.now();
    await request(atlas, i);
    times.push(performance.now() - from);
  }
  const [first = 0] = times;
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0).toFixed(1);
  console.log(`| ${name} | ${first.toFixed(1)} | ${at(0.5)} | ${at(0.95)} | ${at(0.99)} | ${at(1)} |`);
}
