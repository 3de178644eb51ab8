import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeSyntheticAtlas } from "@lexiscope/atlas/testing";
import type { Atlases, FeatureDetail, FeatureList, SearchResponse } from "@lexiscope/contract";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import { createAtlasRegistry } from "./registry.ts";

let t: TestServer;
beforeAll(async () => {
  t = await startTestServer();
});
afterAll(() => t.close());
const shelf = (...parts: string[]): string => join(t.home, "atlases", ...parts);

it("a broken atlas is an error of its own entry only", async () => {
  await cp(shelf("small"), shelf("torn"), { recursive: true });
  await writeFile(shelf("torn", "manifest.json"), "{ torn");
  await mkdir(shelf("empty"));
  await cp(shelf("small"), shelf("rotten"), { recursive: true });
  await writeFile(shelf("rotten", "features.sqlite"), "not what its hash says");
  const { atlases } = await t.json<Atlases>("GET", "/api/atlases");
  expect(atlases.map(({ id, error }) => [id, error?.code ?? null])).toEqual([
    ["empty", "bad_file"],
    ["rotten", null],
    ["small", null],
    ["torn", "bad_file"],
  ]);
  expect(atlases.find(({ id }) => id === "small")?.summary).toMatchObject({ features: 300, model: "synthetic" });
  for (const id of ["torn", "rotten"]) {
    const answer = await t.ask("GET", `/api/atlases/${id}/features`);
    expect([answer.status, answer.json().error.code]).toEqual([500, "bad_file"]);
  }
  // What only opening it shows stands in the list from then on.
  const again = await t.json<Atlases>("GET", "/api/atlases");
  expect(again.atlases.find(({ id }) => id === "rotten")).toMatchObject({
    summary: null,
    error: { code: "bad_file", file: expect.stringContaining("features.sqlite") as unknown },
  });
  expect((await t.ask("GET", "/api/atlases/small/features")).status).toBe(200);
  expect((await t.ask("GET", "/api/status")).status).toBe(200);
  expect((await t.json<SearchResponse>("GET", "/api/search?q=the")).results.every(({ atlas }) => atlas === "small")).toBe(true);
  for (const id of ["torn", "empty", "rotten"]) await rm(shelf(id), { recursive: true });
});

it("one that is replaced while it is served: the next request sees the new one, none fails", async () => {
  await cp(shelf("small"), shelf("changing"), { recursive: true });
  await writeSyntheticAtlas({ folder: shelf(".new"), features: 200, seed: 9 });
  expect((await t.json<FeatureList>("GET", "/api/atlases/changing/features")).total).toBe(300);
  await t.json("PUT", "/api/atlases/changing/features/1/label", { name: "of the old one", note: "" });
  const statuses = new Set<number>();
  let reading = true;
  const readers = Array.from({ length: 4 }, async (_, i) => {
    for (let n = i; reading; n += 7) {
      const { status } = await t.ask("GET", `/api/atlases/changing/features/${n % 200}`);
      statuses.add(status);
    }
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await rename(shelf("changing"), shelf(".old"));
  await rename(shelf(".new"), shelf("changing"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  reading = false;
  await Promise.all(readers);
  // Between the two renames there is none.
  expect([...statuses].filter((status) => status !== 404)).toEqual([200]);
  expect((await t.json<FeatureList>("GET", "/api/atlases/changing/features")).total).toBe(200);
  const renumbered = await t.json<FeatureDetail>("GET", "/api/atlases/changing/features/1");
  expect(renumbered.label).toBeNull(); // the number means another feature now
  expect(await t.json("GET", "/api/atlases/changing")).toMatchObject({ overlay: { labels: 0, foreign: 1 } });
});

it("one that is deleted while it is served is not found, and comes back", async () => {
  await cp(shelf("small"), shelf("going"), { recursive: true });
  expect((await t.ask("GET", "/api/atlases/going/features/3")).status).toBe(200);
  await rename(shelf("going"), shelf(".gone"));
  for (const path of ["", "/features", "/features/3", "/histogram", "/labels"]) {
    const answer = await t.ask("GET", `/api/atlases/going${path}`);
    expect([path, answer.status, answer.json().error.hint]).toEqual([path, 404, expect.stringContaining("small")]);
  }
  await rename(shelf(".gone"), shelf("going"));
  expect((await t.ask("GET", "/api/atlases/going/features/3")).status).toBe(200);
});

it("listing opens none; one that is being opened is shown as such and holds nobody up", async () => {
  await cp(shelf("small"), shelf("slow"), { recursive: true });
  const registry = createAtlasRegistry({ home: t.home, logger: pino({ enabled: false }) });
  const states = async (): Promise<unknown> => (await registry.list()).find(({ id }) => id === "slow")?.opening;
  expect(await states()).toBe(false);
  const opened = registry.use("slow", ({ id }) => id);
  while ((await states()) === false) await Promise.race([opened, new Promise((resolve) => setImmediate(resolve))]);
  expect(await states()).toBe(true);
  expect(await opened).toBe("slow");
  expect(await states()).toBe(false);
  // A file whose hash is wrong goes unseen by those who only list.
  await writeFile(shelf("slow", "features.sqlite"), "other bytes");
  expect((await registry.list()).find(({ id }) => id === "slow")).toMatchObject({ error: null, opening: false });
  await registry.close();
  await rm(shelf("slow"), { recursive: true });
});

it("more atlases than are kept open are served all the same, at once", async () => {
  for (let i = 0; i < 12; i++) await cp(shelf("small"), shelf(`copy-${i}`), { recursive: true });
  const registry = createAtlasRegistry({ home: t.home, logger: pino({ enabled: false }) });
  const counts = await Promise.all(
    Array.from({ length: 36 }, (_, i) =>
      registry.use(`copy-${i % 12}`, async ({ atlas }) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return (await atlas.feature(i)).index;
      }),
    ),
  );
  expect(counts).toEqual(Array.from({ length: 36 }, (_, i) => i));
  await registry.close();
});
