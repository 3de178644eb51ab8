import { bytesReader, encodeGguf, readGgufHeader } from "@lexiscope/formats";
import { mutatedBytes } from "../mutate-bytes.ts";
import type { FuzzTarget } from "../target.ts";

const f32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** Headers of GGUF files: keys of every kind, tensors of several types. */
export async function gguf(): Promise<FuzzTarget> {
  const plain = encodeGguf({ "general.alignment": 32 }, [{ name: "t", ne: [2], typeId: 0, data: f32(1, 2) }]);
  const rich = encodeGguf(
    {
      "general.architecture": "llama",
      flag: true,
      epsilon: { f32: 1e-5 },
      words: ["a", "é", "", "longer than the others"],
      ids: Int32Array.of(-1, 7, 2 ** 31 - 1),
      scores: Float32Array.of(0.5, NaN),
      count: 7,
    },
    [
      { name: "m.weight", ne: [32, 2], typeId: 3, data: new Uint8Array(40).fill(3) },
      { name: "v.weight", ne: [3], typeId: 0, data: f32(1, 2, 3) },
      { name: "k", ne: [256, 1, 1, 1], typeId: 12, data: new Uint8Array(144) },
    ],
  );
  const seeds = [plain, rich];
  return {
    seeds,
    arbitrary: mutatedBytes(seeds),
    read: async (input) => {
      const reader = bytesReader(input, "fuzz.gguf");
      const { tensors } = await readGgufHeader(reader);
      for (const tensor of tensors.values()) await reader.read(tensor.offset, tensor.bytes);
    },
  };
}
