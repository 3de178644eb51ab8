import type * as promises from "node:fs/promises";
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { isAside, stageFolder } from "./staging.ts";

// The real rename, which a test can make fail once: no folder makes only the second of two renames fail.
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof promises>();
  return { ...real, rename: vi.fn<typeof real.rename>(real.rename) };
});

/** The lock of a process that is gone. */
const dead = JSON.stringify({ pid: 2 ** 30, startTime: "0", purpose: "killed" });

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
  await writeFile(join(left, ".lock"), dead);
  const staging = await stageFolder(join(folder, "thing"), false);
  expect(await readdir(staging.folder)).toEqual([]);
  expect((await readdir(left)).sort()).toEqual([".lock", "new"]);
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

async function killedBetweenRenames(): Promise<string> {
  const building = join(folder, ".thing.building");
  for (const name of ["old", "new"]) {
    await mkdir(join(building, name), { recursive: true });
    await writeFile(join(building, name, "version"), name);
  }
  await writeFile(join(building, ".lock"), dead);
  return join(folder, "thing");
}

test("what a build killed between its two renames had moved aside gets its name back", async () => {
  const out = await killedBetweenRenames();
  const staging = await stageFolder(out, true);
  expect(await readFile(join(out, "version"), "utf8")).toBe("old");
  expect(await readdir(staging.folder)).toEqual([]);
  await staging.discard();
  expect(await readdir(folder)).toEqual(["thing"]);
});

test("put back, it is not replaced unasked", async () => {
  const out = await killedBetweenRenames();
  await expect(stageFolder(out, false)).rejects.toMatchObject({ code: "invalid_input", field: "out" });
  expect(await readFile(join(out, "version"), "utf8")).toBe("old");
});

test("what a killed build left is cleared away also by one that is refused; while it lacks its name, that is known", async () => {
  const out = await killedBetweenRenames();
  expect(await isAside(out)).toBe(true);
  await rename(join(folder, ".thing.building", "new"), out);
  expect(await isAside(out)).toBe(false);
  await expect(stageFolder(out, false)).rejects.toMatchObject({ code: "invalid_input", field: "out" });
  expect(await readdir(folder)).toEqual(["thing"]);
});

test("a build that begins anew says so", async () => {
  const out = join(folder, "thing");
  const first = await stageFolder(out, false);
  await first.discard();
  await mkdir(join(folder, ".thing.building", "new"), { recursive: true });
  const second = await stageFolder(out, false);
  expect([first.anew, second.anew]).toEqual([false, true]);
  await second.discard();
});

test("what a build killed after its renames had replaced is removed", async () => {
  const out = await killedBetweenRenames();
  await rename(join(folder, ".thing.building", "new"), out);
  await (await stageFolder(out, true)).discard();
  expect(await readFile(join(out, "version"), "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["thing"]);
});

async function replacing(): Promise<{ out: string; staging: Awaited<ReturnType<typeof stageFolder>> }> {
  const out = join(folder, "thing");
  await mkdir(out);
  await writeFile(join(out, "version"), "old");
  const staging = await stageFolder(out, true);
  await writeFile(join(staging.folder, "version"), "new");
  return { out, staging };
}

/** Runs `before` in place of the rename that gives the new folder its name, which fails. */
function failSecondRename(before: () => Promise<void> = async () => undefined): void {
  const real = vi.mocked(rename).getMockImplementation() ?? rename;
  vi.mocked(rename)
    .mockImplementationOnce(real)
    .mockImplementationOnce(async () => {
      await before();
      throw Object.assign(new Error("EIO: i/o error, rename"), { code: "EIO" });
    });
}

test("when the new folder cannot take the name, the old one has it again", async () => {
  const { out, staging } = await replacing();
  failSecondRename();
  await expect(staging.publish()).rejects.toMatchObject({ code: "environment", file: out, message: expect.stringContaining("EIO") });
  expect(await readFile(join(out, "version"), "utf8")).toBe("old");
  await staging.discard();
  expect(await readdir(folder)).toEqual(["thing"]);
});

test("when the old one cannot be put back either, it is kept and the error says where", async () => {
  const { out, staging } = await replacing();
  failSecondRename(() => mkdir(out).then(() => writeFile(join(out, "version"), "somebody else's")));
  const kept = join(folder, ".thing.building", "old");
  await expect(staging.publish()).rejects.toMatchObject({ code: "environment", hint: expect.stringContaining(kept) });
  await staging.discard();
  expect(await readFile(join(kept, "version"), "utf8")).toBe("old");
  expect(await readFile(join(out, "version"), "utf8")).toBe("somebody else's");
});

test("of two builds at once one is busy, also while the other publishes", async () => {
  const out = join(folder, "thing");
  const both = await Promise.allSettled([stageFolder(out, true), stageFolder(out, true)]);
  const [staging] = both.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  expect(both.filter((one) => one.status === "rejected").map((one) => one.reason)).toMatchObject([{ code: "busy" }]);
  if (!staging) throw new Error("neither build began");
  const real = vi.mocked(rename).getMockImplementation() ?? rename;
  let during: unknown;
  vi.mocked(rename)
    .mockImplementationOnce(real)
    .mockImplementationOnce(async (from, to) => {
      during = await stageFolder(out, true).catch((error: unknown) => error);
      await real(from, to);
    });
  await writeFile(join(staging.folder, "version"), "new");
  await staging.publish();
  expect(during).toMatchObject({ code: "busy" });
  expect(await readFile(join(out, "version"), "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["thing"]);
});
