import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readSafetensorsIndex } from "./safetensors-index.ts";

const index = async (json: unknown): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "i.json"), JSON.stringify(json));
  return join(folder, "i.json");
};

test("files in order, each once", async () => {
  const { files, weightMap } = await readSafetensorsIndex(
    await index({ metadata: { total_size: 3 }, weight_map: { b: "m-2.safetensors", a: "m-1.safetensors", c: "m-2.safetensors" } }),
  );
  expect(files).toEqual(["m-1.safetensors", "m-2.safetensors"]);
  expect(weightMap.get("c")).toBe("m-2.safetensors");
});

test.each(["../up.safetensors", "a/b.safetensors", "a\\b.safetensors", "C:x.safetensors", "x.bin", 7, ""])(
  "refuses the file name %j",
  async (file) => {
    await expect(readSafetensorsIndex(await index({ weight_map: { t: file } }))).rejects.toMatchObject({
      code: "bad_file",
      field: "weight_map",
    });
  },
);

test("refuses an index without a map", async () => {
  for (const json of [{}, [], null, { weight_map: [] }, { weight_map: {} }])
    await expect(readSafetensorsIndex(await index(json))).rejects.toMatchObject({ code: "bad_file" });
});
