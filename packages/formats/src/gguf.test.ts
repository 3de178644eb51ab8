import { isLexiscopeError } from "@lexiscope/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readGgufHeader } from "./gguf.ts";
import { ggmlTypes } from "./gguf-types.ts";
import { encodeGguf } from "./gguf-write.ts";
import { bytesReader } from "./reader.ts";

/** Fixture F54: one key, one F32 tensor of two elements. */
const f54 = Buffer.from(
  "47475546" +
    "03000000" +
    "0100000000000000" +
    "0100000000000000" +
    "1100000000000000" +
    "67656e6572616c2e616c69676e6d656e74" +
    "04000000" +
    "20000000" +
    "0100000000000000" +
    "74" +
    "01000000" +
    "0200000000000000" +
    "00000000" +
    "0000000000000000" +
    "000000000000" +
    "0000803f000000c0",
  "hex",
);

const f32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

const rich = encodeGguf(
  {
    "general.architecture": "llama",
    "llama.block_count": 2,
    flag: true,
    epsilon: { f32: 1e-5 },
    words: ["a", "é", ""],
    ids: Int32Array.of(-1, 7),
    scores: Float32Array.of(0.5, -2),
  },
  [
    { name: "m.weight", ne: [32, 2], typeId: 3, data: new Uint8Array(40).fill(3) },
    { name: "v.weight", ne: [3], typeId: 0, data: f32(1, 2, 3) },
  ],
);

const refusal = async (bytes: Uint8Array): Promise<string> =>
  readGgufHeader(bytesReader(bytes, "file.gguf")).then(
    () => "accepted",
    (error: unknown) => (isLexiscopeError(error) ? `${error.code}: ${error.message}` : `not ours: ${String(error)}`),
  );

describe("readGgufHeader", () => {
  test("F54", async () => {
    const header = await readGgufHeader(bytesReader(f54));
    expect(header).toMatchObject({ version: 3, alignment: 32, dataStart: 96 });
    expect([...header.keys]).toEqual([["general.alignment", 32]]);
    expect(header.tensors.get("t")).toMatchObject({ ne: [2], type: { name: "F32" }, offset: 96, bytes: 8 });
  });

  test("every kind of value, quantised tensors, alignment between tensors", async () => {
    const { keys, tensors } = await readGgufHeader(bytesReader(rich));
    expect(Object.fromEntries(keys)).toEqual({
      "general.architecture": "llama",
      "llama.block_count": 2,
      flag: true,
      epsilon: Math.fround(1e-5),
      words: ["a", "é", ""],
      ids: Int32Array.of(-1, 7),
      scores: Float32Array.of(0.5, -2),
    });
    expect(tensors.get("m.weight")).toMatchObject({ ne: [32, 2], type: { name: "Q4_1" }, bytes: 40 });
    expect((tensors.get("v.weight")?.offset ?? 0) - (tensors.get("m.weight")?.offset ?? 0)).toBe(64);
  });

  test.each([...ggmlTypes].map(([typeId, type]) => [type.name, typeId, type] as const))(
    "rows of %s: their bytes, and a row that is no whole number of blocks",
    async (name, typeId, { block, bytes }) => {
      const data = new Uint8Array(6 * bytes);
      const whole = encodeGguf({}, [{ name: "m", ne: [2 * block, 3], typeId, data }]);
      const { tensors } = await readGgufHeader(bytesReader(whole));
      expect(tensors.get("m")).toMatchObject({ type: { name }, bytes: data.length });
      const end = (tensors.get("m")?.offset ?? 0) + data.length;
      expect(await refusal(whole.subarray(0, end))).toBe("accepted");
      expect(await refusal(whole.subarray(0, end - 1))).toMatch(/bad_file: .*ends at byte/);
      if (block === 1) return;
      const broken = encodeGguf({}, [{ name: "m", ne: [block / 2, 12], typeId, data }]);
      expect(await refusal(broken)).toContain(`bad_file: file.gguf: tensor m: rows of ${block / 2} are no multiple of ${name}'s block`);
    },
  );

  test("a header beyond the first read", async () => {
    const words = Array.from({ length: 300_000 }, (_, i) => `word number ${i}`);
    const { keys } = await readGgufHeader(bytesReader(encodeGguf({ words }, [])));
    expect(keys.get("words")).toEqual(words);
  });

  test("refusals name what is wrong", async () => {
    const patched = (offset: number, ...bytes: number[]): Uint8Array => {
      const copy = Buffer.from(f54);
      copy.set(bytes, offset);
      return copy;
    };
    expect(await refusal(patched(4, 1))).toMatch(/unsupported: .*version is 1/);
    expect(await refusal(patched(4, 0, 0, 0, 3))).toMatch(/unsupported: .*big-endian/);
    expect(await refusal(patched(0, 0x50))).toMatch(/bad_file: .*not a GGUF file/);
    expect(await refusal(patched(53, 33))).toMatch(/bad_file: .*alignment is 33/);
    expect(await refusal(patched(66, 5))).toMatch(/bad_file: .*5 dimensions/);
    expect(await refusal(patched(78, 5))).toMatch(/unsupported: .*unknown type 5/);
    expect(await refusal(patched(82, 32))).toMatch(/bad_file: .*begins at 32 of the data; 0 was expected/);
    expect(await refusal(patched(70, 9))).toMatch(/bad_file: .*ends at byte 104; tensor t takes the bytes up to 132/);
    expect(await refusal(patched(8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toMatch(
      /bad_file: .*number of tensors is 18446744073709551615/,
    );
    expect(await refusal(patched(24, 0xff, 0xff, 0xff))).toMatch(/bad_file: .*at most 65535/);
    expect(
      await refusal(
        encodeGguf({}, [
          { name: "t", ne: [1], typeId: 0, data: f32(1) },
          { name: "t", ne: [1], typeId: 0, data: f32(1) },
        ]),
      ),
    ).toMatch(/tensor "t" occurs twice/);
    expect(await refusal(encodeGguf({ a: 1, b: 2 }, []).map((byte) => (byte === 0x62 ? 0x61 : byte)))).toMatch(/key "a" occurs twice/);
    expect(await refusal(f54.subarray(0, 60))).toMatch(/bad_file: .*ends at byte 60, inside its header/);
    expect(await refusal(new Uint8Array())).toMatch(/bad_file/);
  });

  test("truncations and flipped bits give a header or a LexiscopeError, never anything else", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(rich.length), fc.array(fc.nat(rich.length * 8 - 1), { maxLength: 4 }), async (length, flips) => {
        const bytes = Buffer.from(rich);
        for (const bit of flips) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(await refusal(bytes.subarray(0, flips.length > 0 && length % 2 ? rich.length : length))).not.toMatch(/not ours/);
      }),
      { numRuns: 2000 },
    );
  });
});
