import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findInHubCache, hubCacheFolder } from "./cache.ts";

test("the folder, as Hugging Face's own tools choose it", () => {
  expect(hubCacheFolder({ HF_HUB_CACHE: "/c", HF_HOME: "/h" })).toBe("/c");
  expect(hubCacheFolder({ HF_HOME: "/h" })).toBe(join("/h", "hub"));
  expect(hubCacheFolder({ XDG_CACHE_HOME: "/x" })).toBe(join("/x", "huggingface", "hub"));
});

test("main, a named revision, a commit, an only snapshot; nothing outside the cache", async () => {
  const home = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(home, { recursive: true }));
  const env = { HF_HOME: home };
  const repository = join(home, "hub", "models--org--name");
  await mkdir(join(repository, "refs"), { recursive: true });
  for (const commit of ["aaa", "bbb"]) await mkdir(join(repository, "snapshots", commit), { recursive: true });
  await writeFile(join(repository, "refs", "main"), "aaa\n");
  await writeFile(join(repository, "refs", "v2"), "bbb");
  const find = async (ref: string): Promise<string | undefined> => (await findInHubCache(ref, env))?.slice(-3);
  expect(await find("org/name")).toBe("aaa");
  expect(await find("org/name@v2")).toBe("bbb");
  expect(await find("org/name@bbb")).toBe("bbb");
  expect(await find("org/name@v3")).toBeUndefined();
  expect(await find("org/other")).toBeUndefined();
  for (const ref of ["../name", "org/..", "a/b/c", "org/name@../../x", ""]) expect(await find(ref)).toBeUndefined();
  await rm(join(repository, "refs"), { recursive: true });
  expect(await find("org/name")).toBeUndefined();
  await rm(join(repository, "snapshots", "bbb"), { recursive: true });
  expect(await find("org/name")).toBe("aaa");
});
