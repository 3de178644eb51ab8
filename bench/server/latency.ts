import { mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { AtlasDetail, FeatureCollection, FeatureList, Histogram } from "@lexiscope/contract";
import { createRandom } from "@lexiscope/core";
import { type BenchServer, printTable, startServer } from "./support.ts";

/**
 * What a person waits for who browses an atlas over HTTP: `node bench/server/latency.ts ATLAS... [--requests 200]`, each
 * ATLAS a folder (bench/atlas/synthetic.ts makes large ones). Every atlas gets 5,000 names and a list of 5,000 in a home
 * of its own that is removed afterwards. Times in ms from request to last byte, gzip taken; one client, then eight at once.
 */
const { values, positionals } = parseArgs({ options: { requests: { type: "string", default: "200" } }, allowPositionals: true });
if (positionals.length === 0) throw new Error("say which atlases: folders");
const requests = Number(values.requests);
const together = 8;
const common = "the of and to a in that is was for it with as his on be at by he had not are but from or have an they which one".split(" ");
const orders = ["density", "maximum", "effect", "fired", "index"];
const agent = new Agent({ keepAlive: true, maxSockets: together });

const home = await mkdtemp(join(tmpdir(), "lexiscope-bench-"));
await mkdir(join(home, "atlases"));
for (const folder of positionals) await symlink(resolve(folder), join(home, "atlases", basename(folder)));
const server = await startServer(home);
try {
  for (const folder of positionals) await measureAtlas(server, basename(folder));
} finally {
  agent.destroy();
  await server.close();
  await rm(home, { recursive: true });
}

async function measureAtlas(server: BenchServer, name: string): Promise<void> {
  const opened = await opening(server, name);
  const path = `/api/atlases/${encodeURIComponent(name)}`;
  const { features } = (await server.json<AtlasDetail>("GET", path)).manifest.dictionary;
  printTable(
    [`${name}, ${features} features`, "opened in ms", "others meanwhile, p95", "largest", "longest stall"],
    [["", opened.ms, ...spread(opened.others, [0.95, 1]), (await server.memory()).stallMs]],
  );
  const rows: (string | number)[][] = [];
  for (const [what, address] of await questions(server, path, features)) {
    const first = await timed(server, address(0));
    const alone: number[] = [];
    for (let i = 1; i <= requests; i++) alone.push(await timed(server, address(i)));
    let next = requests + 1;
    const among: number[] = [];
    const client = async (): Promise<void> => {
      while (next <= 2 * requests) among.push(await timed(server, address(next++)));
    };
    await Promise.all(Array.from({ length: together }, client));
    const { stallMs, server: rss } = await server.memory();
    rows.push([what, first, ...spread(alone, [0.5, 0.95, 0.99]), ...spread(among, [0.5, 0.95, 0.99]), stallMs, rss]);
  }
  const head = ["first", "p50", "p95", "p99", `${together}: p50`, "p95", "p99", "stall", "MB"];
  printTable([name, ...head], rows);
}

/** How long the first request waits while the atlas is checked, and what others wait meanwhile. */
async function opening(server: BenchServer, name: string): Promise<{ ms: number; others: number[] }> {
  await server.memory();
  const others: number[] = [];
  let ms: number | undefined;
  const begun = performance.now();
  const open = timed(server, `/api/atlases/${encodeURIComponent(name)}`).then(() => (ms = performance.now() - begun));
  do others.push(await timed(server, ["/api/status", "/api/atlases", "/api/chats"][others.length % 3] ?? ""));
  while (ms === undefined);
  await open;
  return { ms, others };
}

type Address = (i: number) => string;

async function questions(server: BenchServer, path: string, features: number): Promise<[string, Address][]> {
  const random = createRandom(7);
  const list = (query: string): string => `${path}/features?${query}`;
  const pick = (n: number): number => random.below(Math.max(1, Math.min(n, features)));
  const labels = Array.from({ length: 5000 }, () => pick(features)).map((feature, i) => {
    const note = `what was seen of it, number ${i}`.repeat(4);
    return { feature, name: `a name of somebody's own, ${i}`, note, updated: "2026-01-01T00:00:00.000Z" };
  });
  const empty = await server.json<object>("GET", `${path}/overlay`);
  await server.json("POST", `${path}/overlay`, { ...empty, labels });
  const members = [...new Set(labels.map(({ feature }) => feature))];
  const { id } = await server.json<FeatureCollection>("POST", `${path}/lists`, { name: "five thousand", features: members });

  const strong = await server.json<FeatureList>("GET", list("sort=maximum&alive=true&limit=100"));
  const rare: string[] = [];
  for (const { word } of strong.items) {
    const { total } = await server.json<FeatureList>("GET", list(`q=${encodeURIComponent(word)}&limit=1`));
    if (total > 0 && total < 1000 && rare.length < 40) rare.push(word);
  }
  const rareWord = (i: number): string => encodeURIComponent(rare[i % rare.length] ?? "zebra");
  const commonWord = (i: number): string => common[i % common.length] ?? "the";
  const edges = async (column: string): Promise<number[]> =>
    (await server.json<Histogram>("GET", `${path}/histogram?column=${column}&bins=40`)).edges;
  const [density, effect] = [await edges("density"), await edges("effect")];
  /** A range that nobody has asked for before, as while a brush is drawn. */
  const brush = (column: string, at: readonly number[], i: number): string => {
    const from = (i * 7) % 34;
    return `${column}Min=${(at[from] ?? 0) * (1 + (i + 1) / 1e6)}&${column}Max=${at[from + 6] ?? 1}`;
  };
  const sorted = (i: number): string => `sort=${orders[i % orders.length]}&order=${i % 2 === 0 ? "descending" : "ascending"}`;

  return [
    ["feature page, 50 examples", () => `${path}/features/${64 * pick(Math.ceil(features / 64))}`],
    ["any feature page", () => `${path}/features/${pick(features)}`],
    ["search, rare word", (i) => `/api/search?atlas=${path.split("/").at(-1)}&limit=50&q=${rareWord(i)}`],
    ["search, common word", (i) => `/api/search?atlas=${path.split("/").at(-1)}&limit=50&q=${commonWord(i)}`],
    ["search, two words", (i) => `/api/search?atlas=${path.split("/").at(-1)}&limit=50&q=${rareWord(i)}+${commonWord(i)}`],
    ["list of a search, two words", (i) => list(`q=${rareWord(i)}+${commonWord(i >> 3)}&limit=100`)],
    ["list of a search, by density", (i) => list(`q=${rareWord(i)}+${commonWord(i >> 3)}&sort=density`)],
    ["list by each column, first page", (i) => list(sorted(i))],
    ["list by each column, any depth", (i) => list(`${sorted(i)}&offset=${pick(features)}`)],
    ["brush over density", (i) => list(brush("density", density, i))],
    ["brush over density, by maximum", (i) => list(`${brush("density", density, i)}&sort=maximum`)],
    ["two brushes, by maximum", (i) => list(`${brush("density", density, i)}&${brush("effect", effect, i)}&sort=maximum`)],
    ["brush over effect, 500 rows", (i) => list(`${brush("effect", effect, i)}&limit=500`)],
    ["named ones, by each column", (i) => list(`named=true&${sorted(i)}`)],
    ["members of a list of 5,000", (i) => list(`list=${id}&${sorted(i)}`)],
    ["histogram", (i) => `${path}/histogram?column=${["density", "maximum", "effect"][i % 3]}&bins=${4 + (i % 190)}`],
  ];
}

/** Milliseconds until the last byte of an answer; anything but a 200 throws. */
function timed(server: BenchServer, path: string): Promise<number> {
  const begun = performance.now();
  return new Promise((done, fail) => {
    const asked = request(server.url + path, { agent, headers: { "accept-encoding": "gzip" } }, (response) => {
      response.resume();
      response.on("error", fail);
      response.on("end", () => {
        if (response.statusCode === 200) done(performance.now() - begun);
        else fail(new Error(`${path}: ${response.statusCode}`));
      });
    });
    asked.on("error", fail);
    asked.end();
  });
}

function spread(times: readonly number[], shares: readonly number[]): number[] {
  const sorted = times.toSorted((a, b) => a - b);
  return shares.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
}
