import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { builtInModel } from "./built-in.ts";
import { resolveModel } from "./resolve-model.ts";

let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-"));
  vi.stubEnv("LEXISCOPE_HOME", home);
  vi.stubEnv("HF_HOME", join(home, "hf"));
  vi.stubEnv("HF_HUB_OFFLINE", "1");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

test("a file, a folder, a folder with one GGUF, a name on the shelf, a name in the cache", async () => {
  const put = async (...parts: string[]): Promise<string> => {
    const path = join(home, ...parts);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, "");
    return path;
  };
  const file = await put("x.gguf");
  expect(await resolveModel(file)).toEqual({ kind: "gguf", path: file });
  await put("folder", "config.json");
  expect(await resolveModel(join(home, "folder"))).toEqual({ kind: "folder", path: join(home, "folder") });
  const inside = await put("one", "m.gguf");
  expect(await resolveModel(join(home, "one"))).toEqual({ kind: "gguf", path: inside });
  const shelved = await put("models", "mine.gguf");
  expect(await resolveModel("mine")).toEqual({ kind: "gguf", path: shelved });
  for (const name of ["config.json", "tokenizer.json", "model.safetensors"])
    await put("hf", "hub", "models--org--name", "snapshots", "abc", name);
  expect(await resolveModel("org/name")).toEqual({
    kind: "folder",
    path: join(home, "hf", "hub", "models--org--name", "snapshots", "abc"),
    name: "org/name",
  });
  await put("one", "n.gguf");
  await expect(resolveModel(join(home, "one"))).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("2 GGUF files"),
  });
  await expect(resolveModel(await put("x.bin"))).rejects.toMatchObject({ code: "unsupported" });
});

test("what is not there is not found, and the way on is named", async () => {
  for (const ref of ["nothing", "org/nothing", "./nothing.gguf", "", "a\0b"])
    await expect(resolveModel(ref)).rejects.toMatchObject({ code: "not_found", hint: expect.stringContaining(builtInModel.name) });
  await expect(resolveModel(builtInModel.name, { offline: true })).rejects.toMatchObject({
    code: "environment",
    message: expect.stringContaining("--offline"),
  });
});

test("another file in the built-in model's place is refused", async () => {
  await mkdir(join(home, "models", builtInModel.name), { recursive: true });
  await writeFile(join(home, "models", builtInModel.name, builtInModel.file), "GGUF");
  await expect(resolveModel(builtInModel.name)).rejects.toMatchObject({ code: "bad_file", hint: expect.stringContaining("delete it") });
});
