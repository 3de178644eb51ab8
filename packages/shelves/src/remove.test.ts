import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lockFolder, readFolder } from "@lexiscope/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { removeItem } from "./remove.ts";

let home: string;
let store: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-remove-"));
  vi.stubEnv("LEXISCOPE_HOME", home);
  store = join(home, "stores", "first");
  await mkdir(store, { recursive: true });
  await writeFile(join(store, "plan.json"), "{}");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true, force: true });
});

test("what is written or read is refused by name and stays as it is", async () => {
  const unlock = await lockFolder(store, "harvest");
  await expect(removeItem({ kind: "store", path: store })).rejects.toMatchObject({
    code: "busy",
    message: expect.stringMatching(/\(harvest\)/),
  });
  await unlock();
  const end = await readFolder(store, "training d");
  await expect(removeItem({ kind: "store", path: store })).rejects.toMatchObject({
    code: "busy",
    message: expect.stringMatching(/is being read by process \d+ \(training d\)/),
  });
  await end();
  expect(await readdir(store)).toEqual(["plan.json"]);
  await removeItem({ kind: "store", path: store });
  expect(await readdir(join(home, "stores"))).toEqual([]);
});

test("what a killed removal left aside goes with the next one; a living one's stays", async () => {
  const [dead, living] = [join(home, "stores", ".other.removed"), join(home, "stores", ".third.removed")];
  for (const folder of [dead, living]) await mkdir(folder);
  await writeFile(join(dead, ".lock"), JSON.stringify({ pid: 2 ** 30, startTime: "0", purpose: "lexiscope remove" }));
  const unlock = await lockFolder(living, "lexiscope remove");
  await removeItem({ kind: "store", path: store });
  expect(await readdir(join(home, "stores"))).toEqual([".third.removed"]);
  await unlock();
});

test("in a folder of the user's own nothing else is touched", async () => {
  const own = join(home, "mine", "notes", "store");
  await mkdir(own, { recursive: true });
  await mkdir(join(home, "mine", "notes", ".precious.removed"));
  await removeItem({ kind: "store", path: own });
  expect(await readdir(join(home, "mine", "notes"))).toEqual([".precious.removed"]);
});
