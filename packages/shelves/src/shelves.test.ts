import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { describeHome, kindOfFolder } from "./shelves.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-shelves-"));
  vi.stubEnv("LEXISCOPE_HOME", home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

test("an empty home lists nothing and says how much room there is", async () => {
  const found = await describeHome();
  expect(found).toMatchObject({ home, bytes: 0, items: [] });
  expect(found.freeBytes).toBeGreaterThan(0);
});

test("unfinished and damaged things are listed, with what is wrong; hidden ones are not", async () => {
  await mkdir(join(home, "stores", "begun"), { recursive: true });
  await mkdir(join(home, "atlases", "broken"), { recursive: true });
  await mkdir(join(home, "atlases", ".staging"), { recursive: true });
  await writeFile(join(home, "atlases", "broken", "manifest.json"), "{ not json");
  await writeFile(join(home, "atlases", "broken.labels.sqlite"), "names of people's own are no atlas");
  const { items, bytes } = await describeHome();
  expect(items.map(({ kind, name, complete }) => [kind, name, complete])).toEqual([
    ["store", "begun", false],
    ["atlas", "broken", false],
  ]);
  expect(items[0]?.summary).toContain("not finished");
  expect(items[1]?.summary).toContain("damaged");
  expect(bytes).toBe(10);
  expect(await kindOfFolder(join(home, "atlases", "broken"))).toBeUndefined();
});
