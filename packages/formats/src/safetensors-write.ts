import { LexiscopeError, writeFileAtomic } from "@lexiscope/core";
import { safetensorsBits, type SafetensorsDtype } from "./safetensors.ts";

export interface TensorToWrite {
  dtype: SafetensorsDtype;
  /** Slowest axis first. */
  shape: readonly number[];
  /** Elements in C order; typed arrays are little-endian on every machine that Node runs on. */
  data: ArrayBufferView;
}

/**
 * Writes a safetensors file: tensors by element width descending, then by name, `__metadata__` first (with
 * `format: "pt"` unless it says otherwise: older loaders refuse files without it), header padded to 8 bytes. Atomic.
 */
export async function writeSafetensors(
  path: string,
  tensors: Record<string, TensorToWrite>,
  metadata: Record<string, string> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata, path));
}

/** The bytes of {@link writeSafetensors}, header first, without copying the tensors. */
export function encodeSafetensors(
  tensors: Record<string, TensorToWrite>,
  metadata: Record<string, string> = {},
  file = "safetensors",
): Uint8Array[] {
  const sorted = Object.entries(tensors).toSorted(
    ([a, x], [b, y]) => safetensorsBits[y.dtype] - safetensorsBits[x.dtype] || (a < b ? -1 : a > b ? 1 : 0),
  );
  const entries: [string, unknown][] = [["__metadata__", { format: "pt", ...metadata }]];
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const bytes = (shape.reduce((product, n) => product * n, 1) * safetensorsBits[dtype]) / 8;
    if (name === "__metadata__" || bytes !== data.byteLength) {
      throw new LexiscopeError(
        "invalid_input",
        `${file}: the tensor ${name} of shape [${shape.join(", ")}] and ${dtype} cannot be written from ${data.byteLength} bytes`,
        { file, field: name },
      );
    }
    entries.push([name, { dtype, shape, data_offsets: [at, at + bytes] }]);
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    at += bytes;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const header = Buffer.alloc(8 + Math.ceil(json.byteLength / 8) * 8, " ");
  header.writeBigUInt64LE(BigInt(header.byteLength - 8));
  json.copy(header, 8);
  return [header, ...parts];
}
