import { bytesReader, encodeSafetensors, readSafetensorsHeader } from "@lexiscope/formats";
import fc from "fast-check";
import { mutatedBytes } from "../mutate-bytes.ts";
import { mutatedJson } from "../mutate-json.ts";
import type { FuzzTarget } from "../target.ts";

/** Safetensors: headers with changed JSON before their data, and whole files with changed bytes. */
export async function safetensors(): Promise<FuzzTarget> {
  const parts = encodeSafetensors(
    {
      a: { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      b: { dtype: "BF16", shape: [3], data: Uint16Array.of(1, 2, 3) },
      empty: { dtype: "U8", shape: [0], data: new Uint8Array() },
    },
    { format: "pt" },
  );
  const seeds = [new Uint8Array(Buffer.concat(parts))];
  const headers = seeds.map((file) => new TextDecoder().decode(file.subarray(8, 8 + headerBytes(file))));
  const data = seeds.map((file) => file.subarray(8 + headerBytes(file)));
  const withHeader = mutatedJson(headers).map((header) => {
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(0, BigInt(header.byteLength), true);
    return new Uint8Array(Buffer.concat([length, header, ...data]));
  });
  return {
    seeds,
    arbitrary: fc.oneof(withHeader, mutatedBytes(seeds)),
    read: async (input) => {
      const reader = bytesReader(input, "fuzz.safetensors");
      const { tensors } = await readSafetensorsHeader(reader);
      for (const tensor of tensors.values()) await reader.read(tensor.offset, tensor.bytes);
    },
  };
}

const headerBytes = (file: Uint8Array): number => Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
