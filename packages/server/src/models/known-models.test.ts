import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInModel } from "@lexiscope/model";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { findModel, listModels } from "./known-models.ts";

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "lexiscope-models-"));
  vi.stubEnv("LEXISCOPE_HOME", home);
  vi.stubEnv("HF_HUB_CACHE", join(home, "hub"));
  await mkdir(join(home, "models", "folder"), { recursive: true });
  await writeFile(join(home, "models", "file.gguf"), "");
  await writeFile(join(home, "models", "notes.txt"), "");
  await mkdir(join(home, "models", ".hidden"));
  await mkdir(join(home, "hub", "models--org--name", "snapshots", "abc"), { recursive: true });
});
afterAll(() => rm(home, { recursive: true, force: true }));

it("lists the built-in model and the shelf", async () => {
  expect((await listModels()).map(({ id, builtIn }) => [id, builtIn])).toEqual([
    [builtInModel.name, true],
    ["file", false],
    ["folder", false],
  ]);
});

it("finds what is listed, and names in the Hugging Face cache", async () => {
  expect(await findModel("file")).toMatchObject({ ref: join(home, "models", "file.gguf") });
  expect(await findModel("org/name")).toMatchObject({ id: "org/name", ref: "org/name" });
});

it.each(["", "none", "notes.txt", ".hidden", "../models/folder", "/etc", "org/other", "org/../name", "a/b/c", "folder\0"])(
  "does not find %j",
  async (id) => {
    await expect(findModel(id)).rejects.toMatchObject({ code: "not_found", field: "model" });
  },
);
