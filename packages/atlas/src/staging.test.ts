import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stageFolder } from "./staging.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-staging-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a folder appears under its name when it is published, without the lock", async () => {
  const out = join(folder, "thing");
  const staging = await stageFolder(out, false);
  await writeFile(join(staging.folder, "a"), "1");
  expect(await readdir(folder)).toEqual([".thing.building"]);
  await staging.publish();
  await staging.discard();
  expect(await readdir(folder)).toEqual(["thing"]);
  expect(await readdir(out)).toEqual(["a"]);
  await expect(stageFolder(out, false)).rejects.toMatchObject({ code: "invalid_input", field: "out" });
});

test("what a killed build left is cleared away, a living one is busy", async () => {
  const left = join(folder, ".thing.building");
  await mkdir(join(left, "examples"), { recursive: true });
  await writeFile(join(left, "features.sqlite"), "half");
  await writeFile(join(left, ".lock"), JSON.stringify({ pid: 2 ** 30, started: "0", purpose: "killed" }));
  const staging = await stageFolder(join(folder, "thing"), false);
  expect(await readdir(staging.folder)).toEqual([".lock"]);
  await expect(stageFolder(join(folder, "thing"), false)).rejects.toMatchObject({ code: "busy" });
  await staging.discard();
  expect(await readdir(folder)).toEqual([]);
});

test("the old folder stays until the new one is whole", async () => {
  const out = join(folder, "thing");
  await mkdir(out);
  await writeFile(join(out, "version"), "old");
  const failed = await stageFolder(out, true);
  await writeFile(join(failed.folder, "version"), "half");
  await failed.discard();
  expect(await readFile(join(out, "version"), "utf8")).toBe("old");
  const staging = await stageFolder(out, true);
  await writeFile(join(staging.folder, "version"), "new");
  await staging.publish();
  expect(await readFile(join(out, "version"), "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["thing"]);
});
