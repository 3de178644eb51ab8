import { bytesReader, encodeSafetensors, readSafetensorsHeader } from "@lexiscope/formats";
import fc from "fast-check";
import { mutatedBytes } from "../mutate-bytes.ts";
import { mutatedSafetensorsHeader } from "../mutate-safetensors.ts";
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
  const seed = new Uint8Array(Buffer.concat(parts));
  return {
    seeds: [seed],
    arbitrary: fc.oneof(mutatedSafetensorsHeader(seed), mutatedBytes([seed])),
    read: async (input) => {
      const reader = bytesReader(input, "fuzz.safetensors");
      const { tensors } = await readSafetensorsHeader(reader);
      for (const tensor of tensors.values()) await reader.read(tensor.offset, tensor.bytes);
    },
  };
}
