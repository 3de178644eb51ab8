import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256, shelf } from "@lexiscope/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rememberedHashes } from "./identity.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-"));
  vi.stubEnv("LEXISCOPE_HOME", home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

test("computed once per path, size and time of change", async () => {
  const file = join(home, "m.gguf");
  await writeFile(file, "weights");
  let computed = 0;
  const ask = () => rememberedHashes([file], async () => sha256(`computed ${++computed}`));
  const first = await ask();
  expect(first).toEqual({ weightsHash: sha256("computed 1"), fileHash: sha256("weights") });
  expect(await ask()).toEqual(first);
  await utimes(file, 1, 1);
  expect((await ask()).weightsHash).toBe(sha256("computed 2"));
  await writeFile(join(shelf("models"), ".identities.json"), '{"x": 3, "y"');
  expect((await ask()).weightsHash).toBe(sha256("computed 3"));
  expect((await ask()).weightsHash).toBe(sha256("computed 3"));
});

test("several files have no file hash", async () => {
  for (const name of ["a", "b"]) await writeFile(join(home, name), name);
  expect((await rememberedHashes([join(home, "a"), join(home, "b")], async () => sha256("x"))).fileHash).toBeNull();
});
