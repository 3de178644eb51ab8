import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { loadSafetensors } from "./safetensors.ts";
import { encodeSafetensors, writeSafetensors } from "./safetensors-write.ts";

test("wide elements first, then names; metadata first, with a format; padded to 8", () => {
  const bytes = Buffer.concat(
    encodeSafetensors(
      {
        z: { dtype: "BF16", shape: [1], data: new Uint16Array(1) },
        b: { dtype: "F32", shape: [1], data: new Float32Array(1) },
        a: { dtype: "F32", shape: [1], data: new Float32Array(1) },
      },
      { made: "here" },
    ),
  );
  const length = Number(bytes.readBigUInt64LE());
  const header = bytes.subarray(8, 8 + length).toString();
  expect(length % 8).toBe(0);
  expect(Object.keys(JSON.parse(header) as object)).toEqual(["__metadata__", "a", "b", "z"]);
  expect(header).toMatch(/^\{"__metadata__":\{"format":"pt","made":"here"\}/);
  expect(bytes.length).toBe(8 + length + 10);
});

test("what is written is read back", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "t.safetensors");
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        fc.string({ minLength: 1 }).filter((name) => name !== "__metadata__" && name !== "__proto__"),
        fc.float32Array({ maxLength: 20 }),
        { maxKeys: 5 },
      ),
      fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
      async (arrays, metadata) => {
        await writeSafetensors(
          path,
          Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, { dtype: "F32" as const, shape: [data.length], data }])),
          metadata,
        );
        const { tensors } = await loadSafetensors(path);
        expect(Object.fromEntries([...tensors].map(([name, { data }]) => [name, new Uint8Array(data)]))).toEqual(
          Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, new Uint8Array(data.slice().buffer)])),
        );
      },
    ),
    { numRuns: 50 },
  );
  expect(await readdir(folder)).toEqual(["t.safetensors"]);
});

test("a shape that its bytes do not fill is refused", () => {
  expect(() => encodeSafetensors({ a: { dtype: "F32", shape: [3], data: new Float32Array(2) } })).toThrow(
    /shape \[3\] and F32 cannot be written from 8 bytes/,
  );
});
