import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256, type ProgressEvent } from "@lexiscope/core";
import { expect, test, vi } from "vitest";
import { openModel } from "../open-model.ts";
import { resolveModel } from "../resolve-model.ts";
import { fetchFromHub } from "./fetch-model.ts";
import { commit, impatient, secret, useHubWorld } from "./testing/hub-world.ts";
import { parseHubRef } from "./ref.ts";
import { bytesHere, partPath } from "./transfer.ts";

const world = useHubWorld();
const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const needed = ["config.json", ...shards, "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json"];

/** As {@link resolveModel} does it, without pauses between tries. */
async function get(name: string, signal?: AbortSignal): Promise<unknown> {
  const ref = parseHubRef(name);
  if (!ref) throw new Error(`${name} is no name on a hub`);
  return fetchFromHub(name, ref, { patience: impatient, signal });
}

/** The snapshot has each needed file with the bytes of the hub, and nothing lies about half done. */
async function expectWhole(): Promise<void> {
  const snapshot = join(world.cache, "snapshots", commit);
  expect((await readdir(snapshot)).toSorted()).toEqual(needed);
  for (const name of needed) expect(sha256(await readFile(join(snapshot, name))), name).toBe(sha256(world.files[name] ?? ""));
  expect((await readdir(join(world.cache, "blobs"))).filter((name) => name.includes("incomplete"))).toEqual([]);
}

const blobOf = (name: string): string => join(world.cache, "blobs", sha256(world.files[name] ?? ""));
const child = (name: string): ReturnType<typeof spawn> =>
  spawn(process.execPath, [fileURLToPath(new URL("testing/fetch-child.ts", import.meta.url)), name], { stdio: ["ignore", "pipe", "pipe"] });

test("org/name: what opening needs, in the layout of Hugging Face's cache; the second time nothing is asked", async () => {
  const events: ProgressEvent[] = [];
  const model = await openModel("org/tiny", { dtype: "f32", onProgress: (event) => events.push(event) });
  expect(model.name).toBe("org/tiny");
  expect(model.chatTemplate).toBeDefined();
  await expectWhole();
  expect(await readFile(join(world.cache, "refs", "main"), "utf8")).toBe(commit);
  expect(await readlink(join(world.cache, "snapshots", commit, shards[0] ?? ""))).toBe(
    join("..", "..", "blobs", sha256(world.files[shards[0] ?? ""] ?? "")),
  );
  const downloads = events.filter(({ phase }) => phase === "download");
  expect(downloads[0]?.message).toMatch(/^org\/tiny at 0123456789ab from http.*: 4 files, .* kB, into /);
  expect(downloads.at(-1)).toMatchObject({ done: downloads[0]?.total, unit: "bytes" });
  const asked = world.hub.requests.length;
  const again = await openModel("org/tiny", { dtype: "f32" });
  expect((await again.identity()).weightsHash).toBe((await model.identity()).weightsHash);
  expect(world.hub.requests).toHaveLength(asked);
});

test("names that a killed download left are gone after the next; the revision is known before its files are whole", async () => {
  world.hub.mood = (path) => (path === shards[1] ? { status: 403 } : {});
  await expect(get("org/tiny")).rejects.toMatchObject({ code: "environment" });
  expect(await readFile(join(world.cache, "refs", "main"), "utf8")).toBe(commit);
  const left = [join("refs", "main.12.0badcafe.tmp"), join("snapshots", commit, "tokenizer.json.12.tmp")];
  for (const name of left) await writeFile(join(world.cache, name), "half");
  world.hub.mood = () => ({});
  await get("org/tiny");
  await expectWhole();
  expect(await readdir(join(world.cache, "refs"))).toEqual(["main"]);
});

test("a revision by name and by commit; one that is not there", async () => {
  expect(await resolveModel("org/tiny@v2")).toMatchObject({ kind: "folder", name: "org/tiny@v2" });
  expect(await readFile(join(world.cache, "refs", "v2"), "utf8")).toBe(commit);
  expect(await resolveModel(`org/tiny@${commit}`, { offline: true })).toMatchObject({ path: join(world.cache, "snapshots", commit) });
  await expect(resolveModel("org/tiny@v3")).rejects.toMatchObject({ code: "not_found", message: "org/tiny has no such revision" });
});

test("one GGUF file: by its path, by its quantisation, and the choice when it is not said", async () => {
  const model = await openModel("org/tiny-GGUF/tiny-F32.gguf", { dtype: "f32" });
  expect(model.name).toBe("org/tiny-GGUF/tiny-F32.gguf");
  expect(await resolveModel("org/tiny-GGUF:q8_0")).toMatchObject({
    kind: "gguf",
    path: expect.stringContaining(join("more", "tiny-Q8_0.gguf")),
  });
  expect(world.hub.served.map(({ path }) => path)).toEqual(["tiny-F32.gguf"]); // both have the same bytes: one blob
  expect(await resolveModel("org/tiny-GGUF:F32", { offline: true })).toMatchObject({ kind: "gguf" });
  await expect(resolveModel("org/tiny-GGUF:Q2_K")).rejects.toMatchObject({
    code: "not_found",
    hint: expect.stringContaining("org/tiny-GGUF/more/tiny-Q8_0.gguf"),
  });
  await expect(resolveModel("org/tiny-GGUF/none.gguf")).rejects.toMatchObject({ code: "not_found" });
  await rm(join(world.home, "hf"), { recursive: true });
  await expect(resolveModel("org/tiny-GGUF")).rejects.toMatchObject({
    code: "invalid_input",
    hint: expect.stringContaining("tiny-F16.gguf (7 B)"),
  });
});

test("the token goes to the hub only, and no further than its redirect", async () => {
  await expect(get("org/private")).rejects.toMatchObject({ code: "not_found", hint: expect.stringContaining("HF_TOKEN") });
  vi.stubEnv("HF_TOKEN", secret);
  await get("org/private");
  const authorised = world.hub.requests.slice(1);
  expect(new Set(authorised.filter(({ host }) => host === "hub").map(({ authorization }) => authorization))).toEqual(
    new Set([`Bearer ${secret}`]),
  );
  expect(authorised.filter(({ host }) => host === "storage").map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  await expect(get("org/gated")).rejects.toMatchObject({
    code: "environment",
    message: expect.stringContaining("gated"),
    hint: expect.stringContaining("/org/gated"),
  });
  const failure: unknown = await get("org/none").catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "not_found" });
  expect(JSON.stringify(failure)).not.toContain(secret);
});

test("a page of a listing on another host, a redirect away and back: the token stays with the hub", async () => {
  vi.stubEnv("HF_TOKEN", secret);
  await get("org/tiny@v2");
  const storage = world.hub.storage;
  world.hub.api = (path) => (path.includes("/tree/") ? { body: [], headers: { link: `<${storage}/next>; rel="next"` } } : undefined);
  await expect(get("org/private")).rejects.toMatchObject({ code: "environment", message: expect.stringContaining("storage") });
  world.hub.api = (path) =>
    path.includes("/revision/") ? { status: 302, headers: { location: `${storage}/back?to=${world.hub.endpoint}/api/back` } } : {};
  await expect(get("org/private")).rejects.toMatchObject({ code: "bad_file" });
  const away = world.hub.requests.filter(({ host, url }) => host === "storage" || url.startsWith("/api/back"));
  expect(away.map(({ url }) => url.split("?")[0])).toEqual(expect.arrayContaining(["/next", "/back", "/api/back"]));
  expect(away.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
});

test.each(["--offline", "LEXISCOPE_OFFLINE", "HF_HUB_OFFLINE"])("%s: the network is not touched", async (how) => {
  if (how !== "--offline") vi.stubEnv(how, "1");
  const options = { offline: how === "--offline" };
  await expect(resolveModel("org/tiny", options)).rejects.toMatchObject({ code: "not_found", hint: expect.stringContaining(how) });
  await mkdir(join(world.cache, "snapshots", commit), { recursive: true });
  await writeFile(join(world.cache, "snapshots", commit, "config.json"), "{}");
  await expect(resolveModel("org/tiny", options)).rejects.toMatchObject({ message: expect.stringContaining("without tokenizer.json") });
  expect(world.hub.requests).toEqual([]);
});

test("a connection that closes in the middle: only the rest is fetched", async () => {
  const [shard = ""] = shards;
  const size = world.files[shard]?.length ?? 0;
  world.hub.mood = (path) => (path === shard && !world.hub.served.some((served) => served.path === shard) ? { cutAfter: 9000 } : {});
  await resolveModel("org/tiny");
  await expectWhole();
  const [first, second] = world.hub.served.filter(({ path }) => path === shard);
  expect(first).toMatchObject({ from: 0, sent: 9000 });
  expect(second?.from).toBeGreaterThan(0);
  expect((second?.from ?? 0) + (second?.sent ?? 0)).toBe(size);
});

test("killed with -9 in the middle, then again: only the rest is fetched", async () => {
  const [shard = ""] = shards;
  world.hub.mood = (path) => (path === shard ? { slowMs: 40 } : {});
  const killed = child("org/tiny");
  await vi.waitFor(async () => expect((await stat(partPath(blobOf(shard)))).size).toBeGreaterThan(8192), { timeout: 20_000, interval: 10 });
  killed.kill("SIGKILL");
  await once(killed, "exit");
  const kept = await bytesHere(blobOf(shard), world.files[shard]?.length ?? 0);
  await expect(resolveModel("org/tiny", { offline: true })).rejects.toMatchObject({ message: expect.stringContaining(`without ${shard}`) });
  world.hub.mood = () => ({});
  world.hub.served.length = 0;
  await resolveModel("org/tiny");
  await expectWhole();
  expect(world.hub.served).toEqual([
    { path: shard, from: kept, sent: (world.files[shard]?.length ?? 0) - kept },
    { path: shards[1], from: 0, sent: world.files[shards[1] ?? ""]?.length },
  ]);
});

test("stopped by the user: what came is kept", async () => {
  const [shard = ""] = shards;
  world.hub.mood = (path) => (path === shard ? { slowMs: 20 } : {});
  const stop = new AbortController();
  const stopped = get("org/tiny", stop.signal).catch((error: unknown) => error);
  await vi.waitFor(async () => expect((await stat(partPath(blobOf(shard)))).size).toBeGreaterThan(0), { timeout: 10_000, interval: 5 });
  stop.abort();
  expect(await stopped).toMatchObject({ code: "aborted" });
  const { size } = await stat(partPath(blobOf(shard)));
  world.hub.mood = () => ({});
  await get("org/tiny");
  expect(world.hub.served.filter(({ path }) => path === shard).at(-1)?.from).toBe(size);
  await expectWhole();
});

test("two processes at the same time: one fetches, both have it", async () => {
  world.hub.mood = () => ({ slowMs: 10 });
  const both = [child("org/tiny"), child("org/tiny")];
  const results = await Promise.all(
    both.map(async (process) => {
      let out = "";
      process.stdout?.on("data", (chunk) => (out += String(chunk)));
      process.stderr?.on("data", (chunk) => (out += String(chunk)));
      const [code] = await once(process, "close");
      return { code: code as unknown, out };
    }),
  );
  for (const { code, out } of results)
    expect([code, out]).toEqual([0, expect.stringContaining(`"path":"${join(world.cache, "snapshots", commit)}"`)]);
  expect(world.hub.served.map(({ path }) => path).toSorted()).toEqual(needed);
  await expectWhole();
});

test("damage: a wrong hash is refused and not kept; a damaged part is fetched anew", async () => {
  const [shard = ""] = shards;
  world.hub.mood = (path) => ({ spoil: path === shard });
  await expect(get("org/tiny")).rejects.toMatchObject({
    code: "bad_file",
    field: shard,
    message: expect.stringMatching(/its SHA-256 is [0-9a-f]{64}, not/),
  });
  await expect(stat(partPath(blobOf(shard)))).rejects.toThrow("ENOENT");
  await writeFile(partPath(blobOf(shard)), Buffer.alloc(5000, 7)); // as a power cut may leave it
  await writeFile(blobOf(shards[1] ?? ""), Buffer.alloc(world.files[shards[1] ?? ""]?.length ?? 0, 7)); // as a tool that checks nothing may leave it
  world.hub.mood = () => ({});
  await get("org/tiny");
  await expectWhole();
  await rm(world.cache, { recursive: true });
  world.hub.mood = (path) => ({ spoil: path === "tokenizer.json" });
  await expect(get("org/tiny")).rejects.toMatchObject({ code: "bad_file", message: expect.stringContaining("git SHA-1") });
});

test("a server that ignores ranges, answers 503 now and then, or has no such range", async () => {
  const [shard = ""] = shards;
  let tries = 0;
  world.hub.mood = (path) =>
    path !== shard
      ? {}
      : ([{ cutAfter: 9000 }, { status: 503 }, { ignoreRange: true, cutAfter: 12_000 }, { status: 416 }][tries++] ?? { ignoreRange: true });
  await get("org/tiny");
  expect(tries).toBe(5);
  await expectWhole();
});

test.each<[string, Parameters<typeof setUp>[0], Record<string, unknown>]>([
  [
    "truncated again and again at the same place",
    { cutAfter: 0 },
    { code: "environment", hint: expect.stringContaining("goes on where it stopped") },
  ],
  ["always 503", { status: 503 }, { code: "environment", message: expect.stringContaining("status 503") }],
  ["more bytes than listed", { tooMuch: true }, { code: "bad_file", message: expect.stringContaining("sends more") }],
  ["refused by the storage", { status: 403 }, { code: "environment", message: expect.stringContaining("storage") }],
])("a file %s", async (_, mood, error) => {
  setUp(mood);
  await expect(get("org/tiny")).rejects.toMatchObject(error);
});
function setUp(mood: ReturnType<typeof world.hub.mood>): void {
  world.hub.mood = (path) => (path === shards[0] ? mood : {});
}

test("hostile listings and answers", async () => {
  const refused = async (change: Record<string, unknown>, error: Record<string, unknown>): Promise<void> => {
    world.hub.listing = (entries) => entries.map((entry) => (entry["path"] === shards[0] ? { ...entry, ...change } : entry));
    await expect(get("org/tiny")).rejects.toMatchObject({ hint: expect.any(String), ...error });
  };
  for (const path of ["../x", "/etc/x", "a/../../x", "a\\x", "a\0", "", 7]) await refused({ path }, { code: "bad_file", field: "path" });
  await refused({ lfs: { oid: "../../x", size: 1 } }, { code: "bad_file", message: expect.stringContaining("no SHA-256") });
  await refused({ lfs: undefined, oid: "x" }, { code: "bad_file", message: expect.stringContaining("no git hash") });
  const oid = "a".repeat(64);
  for (const size of [-1, 1.5, 1e300, "9"])
    await refused({ lfs: { oid, size } }, { code: "bad_file", message: expect.stringContaining("no size") });
  await refused({ lfs: { oid, size: 9e15 } }, { code: "environment", message: expect.stringContaining("needs 9000 TB on the disk") });
  await refused({ path: "other.safetensors" }, { code: "bad_file", field: shards[0] });
  world.hub.listing = (entries) => entries.map((entry) => (entry["path"] === "tokenizer.json" ? { ...entry, size: 1e12 } : entry));
  await expect(get("org/tiny")).rejects.toMatchObject({ code: "bad_file", field: "tokenizer.json" });
  expect(world.hub.served.filter(({ path }) => shards.includes(path))).toEqual([]);
});

test("an API that is none: HTML, nonsense, no end of redirects or pages, 500", async () => {
  const answers = async (api: typeof world.hub.api, error: Record<string, unknown>): Promise<void> => {
    world.hub.api = api;
    await expect(get("org/tiny")).rejects.toMatchObject({ hint: expect.any(String), ...error });
  };
  await answers(() => ({ body: "<html>Please log in" }), {
    code: "bad_file",
    message: expect.stringContaining("does not answer as a hub"),
  });
  for (const body of [[], 7, { sha: "../x" }])
    await answers(() => ({ body }), { code: "bad_file", message: expect.stringContaining("no commit") });
  await answers((path) => ({ status: 307, headers: { location: path } }), {
    code: "bad_file",
    message: expect.stringContaining("more than 10 times"),
  });
  await answers(() => ({ status: 302, headers: { location: "file:///etc/passwd" } }), {
    code: "bad_file",
    message: expect.stringContaining("file:///etc"),
  });
  await answers(() => ({ status: 500 }), { code: "environment", message: expect.stringContaining("status 500") });
  await answers(() => ({ body: "x".repeat(33 * 2 ** 20) }), {
    code: "bad_file",
    message: expect.stringContaining("more than 33554432 bytes"),
  });
  const pages = (path: string): ReturnType<typeof world.hub.api> =>
    path.includes("/tree/") ? { body: [], headers: { link: `<${world.hub.endpoint}${path}>; rel="next"` } } : undefined;
  await answers(pages, { code: "bad_file", message: expect.stringContaining("does not end") });
  world.hub.api = () => undefined;
  world.hub.pageSize = 3;
  await get("org/tiny");
  await expectWhole();
});

test("refused before the weights are fetched: an architecture, a format", async () => {
  const without = (...names: string[]): void =>
    void (world.hub.listing = (entries) => entries.filter(({ path }) => !names.some((name) => String(path).startsWith(name))));
  without("model");
  await expect(get("org/tiny")).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("pytorch_model.bin") });
  without("tokenizer.json");
  await expect(get("org/tiny")).rejects.toMatchObject({ code: "unsupported", message: expect.stringContaining("tokenizer.json") });
  without("config.json");
  await expect(get("org/tiny")).rejects.toMatchObject({ code: "not_found", message: expect.stringContaining("config.json") });
  expect(world.hub.served).toEqual([]);
});

test("a cache that cannot be made", async () => {
  await writeFile(join(world.home, "hf"), "a file in the way");
  await expect(get("org/tiny")).rejects.toMatchObject({ code: "environment", hint: expect.stringContaining("HF_HUB_CACHE") });
});

test("no hub where HF_ENDPOINT says", async () => {
  await world.hub.close();
  await expect(resolveModel("org/tiny")).rejects.toMatchObject({
    code: "environment",
    message: expect.stringContaining("cannot be reached"),
    field: "HF_ENDPOINT",
  });
});

test("a silent server is given up", async () => {
  const [shard = ""] = shards;
  const ref = parseHubRef("org/tiny");
  world.hub.mood = (path) => (path === shard ? { slowMs: 3000 } : {});
  if (!ref) return;
  await expect(fetchFromHub("org/tiny", ref, { patience: { pausesMs: [], silenceMs: 300 } })).rejects.toMatchObject({
    code: "environment",
    message: expect.stringContaining("nothing came for 0.3 s"),
  });
});
