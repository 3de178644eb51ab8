import { LexiscopeError } from "@lexiscope/core";
import { ggmlTypes } from "./gguf-types.ts";

/** Strings, bools, u32 (numbers), f32 (`{ f32 }`), and arrays of strings, i32 or f32: what a small file needs. */
export type GgufWritable = string | boolean | number | { f32: number } | readonly string[] | Int32Array | Float32Array;

export interface GgufTensorToWrite {
  name: string;
  /** Fastest axis first. */
  ne: readonly number[];
  typeId: number;
  data: Uint8Array;
}

/** The bytes of a GGUF v3 file. */
export function encodeGguf(
  keys: Readonly<Record<string, GgufWritable>>,
  tensors: readonly GgufTensorToWrite[],
  alignment = 32,
): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(Object.keys(keys).length)];
  for (const [key, value] of Object.entries(keys)) parts.push(text(key), Buffer.concat(encodeValue(value)));
  let offset = 0;
  for (const { name, ne, typeId, data } of tensors) {
    const type = ggmlTypes.get(typeId);
    const bytes = type && (ne.reduce((product, n) => product * n, 1) / type.block) * type.bytes;
    if (bytes !== data.byteLength)
      throw new LexiscopeError(
        "invalid_input",
        `tensor ${name} of shape [${ne.join(", ")}] and type ${type?.name ?? typeId} cannot be written from ${data.byteLength} bytes`,
        { field: name },
      );
    parts.push(text(name), u32(ne.length), ...ne.map(u64), u32(typeId), u64(offset));
    offset = align(offset + data.byteLength, alignment);
  }
  for (const data of [new Uint8Array(), ...tensors.map((tensor) => tensor.data)]) {
    parts.push(data);
    const end = parts.reduce((sum, part) => sum + part.byteLength, 0);
    parts.push(new Uint8Array(align(end, alignment) - end));
  }
  return Buffer.concat(parts);
}

function encodeValue(value: GgufWritable): Uint8Array[] {
  if (typeof value === "string") return [u32(8), text(value)];
  if (typeof value === "boolean") return [u32(7), Uint8Array.of(Number(value))];
  if (typeof value === "number") return [u32(4), u32(value)];
  if ("f32" in value) return [u32(6), new Uint8Array(Float32Array.of(value.f32).buffer)];
  if (value instanceof Int32Array) return [u32(9), u32(5), u64(value.length), bytesOf(value)];
  if (value instanceof Float32Array) return [u32(9), u32(6), u64(value.length), bytesOf(value)];
  return [u32(9), u32(8), u64(value.length), ...value.map(text)];
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Uint8Array {
  const utf8 = Buffer.from(value);
  return Buffer.concat([u64(utf8.byteLength), utf8]);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function align(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
