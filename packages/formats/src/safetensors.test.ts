import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isLexiscopeError } from "@lexiscope/core";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { bytesReader } from "./reader.ts";
import { loadSafetensors, readSafetensorsHeader } from "./safetensors.ts";
import { encodeSafetensors } from "./safetensors-write.ts";

/** Fixture F52. */
const f52 = Buffer.from(
  "3800000000000000" +
    "7b2261223a7b226474797065223a22463332222c227368617065223a5b325d2c22646174615f6f666673657473223a5b302c385d7d7d2020" +
    "0000803f000000c0",
  "hex",
);

const withHeader = (header: string, dataBytes = 8): Uint8Array => {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
};
const entry = (shape: number[], offsets: number[], dtype = "F32"): string => JSON.stringify({ dtype, shape, data_offsets: offsets });

const refusal = async (bytes: Uint8Array): Promise<string> =>
  readSafetensorsHeader(bytesReader(bytes, "file.safetensors")).then(
    () => "accepted",
    (error: unknown) => (isLexiscopeError(error) ? `${error.code}: ${error.message}` : `not ours: ${String(error)}`),
  );

describe("readSafetensorsHeader", () => {
  test("F52", async () => {
    const { tensors, metadata } = await readSafetensorsHeader(bytesReader(f52));
    expect([...tensors.values()]).toEqual([{ name: "a", dtype: "F32", shape: [2], offset: 64, bytes: 8 }]);
    expect(metadata).toEqual({});
  });

  test("tolerates any key order, unknown keys, scalars and empty tensors", async () => {
    const { tensors } = await readSafetensorsHeader(
      bytesReader(
        withHeader(
          `{"s":{"data_offsets":[4,8],"later":1,"shape":[],"dtype":"I32"},"e":${entry([0, 5], [4, 4])},"a":${entry([1], [0, 4])}}  `,
        ),
      ),
    );
    expect([...tensors.keys()].toSorted()).toEqual(["a", "e", "s"]);
  });

  test.each([
    ["too short", Buffer.alloc(4), /at least 8/],
    ["header longer than the file", f52.subarray(0, 40), /its header alone goes to 64/],
    ["header beyond the limit", Buffer.from("ffffffffffffff7f", "hex"), /claims a header of/],
    ["no object", withHeader("[]"), /does not begin with \{/],
    ["no JSON", withHeader(`{"a":`), /no JSON/],
    ["data cut", f52.subarray(0, 70), /6 bytes of data; its tensors take 8/],
    ["bytes left over", withHeader(`{"a":${entry([1], [0, 4])}}`), /8 bytes of data; its tensors take 4/],
    ["a hole", withHeader(`{"a":${entry([1], [4, 8])}}`), /a hole before the tensor a/],
    ["an overlap", withHeader(`{"a":${entry([2], [0, 8])},"b":${entry([1], [4, 8])}}`), /an overlap at the tensor b/],
    ["shape and bytes disagree", withHeader(`{"a":${entry([3], [0, 8])}}`), /shape \[3\] and F32 in 8 bytes/],
    ["an overflowing shape", withHeader(`{"a":${entry([2 ** 40, 2 ** 40], [0, 8])}}`), /in 8 bytes/],
    ["a negative offset", withHeader(`{"a":${entry([2], [-8, 0])}}`), /without proper data_offsets/],
    ["an unknown dtype", withHeader(`{"a":${entry([2], [0, 8], "Q4")}}`), /dtype "Q4"/],
    ["a name twice", withHeader(`{"a":${entry([1], [0, 4])},"a":${entry([1], [4, 8])}}`), /names "a" twice/],
    ["a field twice", withHeader(`{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}`), /names "a.shape" twice/],
    ["metadata that is no strings", withHeader(`{"__metadata__":{"n":1},"a":${entry([2], [0, 8])}}`), /__metadata__\.n that is no string/],
  ])("refuses: %s", async (_name, bytes, message) => {
    expect(await refusal(bytes)).toMatch(message);
    expect(await refusal(bytes)).toMatch(/^bad_file/);
  });

  test("truncations and flipped bits give a header or a LexiscopeError, never anything else", async () => {
    const whole = Buffer.concat(
      encodeSafetensors(
        { a: { dtype: "F32", shape: [2, 2], data: new Float32Array(4) }, b: { dtype: "BF16", shape: [3], data: new Uint16Array(3) } },
        { note: "x" },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length), fc.array(fc.nat(whole.length * 8 - 1), { maxLength: 3 }), async (length, flips) => {
        const bytes = Buffer.from(whole);
        for (const bit of flips) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(await refusal(bytes.subarray(0, flips.length > 0 && length % 2 ? whole.length : length))).not.toMatch(/not ours/);
      }),
      { numRuns: 2000 },
    );
  });
});

test("loadSafetensors gives each tensor memory that any typed array fits on", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "x.safetensors"), f52);
  const { tensors } = await loadSafetensors(join(folder, "x.safetensors"));
  expect(new Float32Array(tensors.get("a")?.data.buffer ?? new ArrayBuffer(0))).toEqual(Float32Array.of(1, -2));
  await expect(loadSafetensors(join(folder, "none"))).rejects.toMatchObject({ code: "not_found" });
});
