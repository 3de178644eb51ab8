import { brief, LexiscopeError, messageOf } from "@lexiscope/core";
import { findDuplicateKey } from "./json-keys.ts";
import type { ByteReader } from "./reader.ts";
import { withFileReader } from "./reader.ts";

/** The reference implementation's limit; stops an allocation from eight random bytes. */
const maxHeaderBytes = 100_000_000;
/** Torch's own limit is 64; nothing has more than 5. Stops shapes made to overflow a product. */
const maxDims = 64;

/** Bits per element of every dtype of the format. */
export const safetensorsBits = {
  F64: 64,
  I64: 64,
  U64: 64,
  C64: 64,
  F32: 32,
  I32: 32,
  U32: 32,
  F16: 16,
  BF16: 16,
  I16: 16,
  U16: 16,
  I8: 8,
  U8: 8,
  BOOL: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
} as const;

export type SafetensorsDtype = keyof typeof safetensorsBits;

export interface SafetensorsEntry {
  name: string;
  dtype: SafetensorsDtype;
  /** Slowest axis first. */
  shape: number[];
  /** From the start of the file. */
  offset: number;
  bytes: number;
}

export interface SafetensorsHeader {
  metadata: Record<string, string>;
  tensors: Map<string, SafetensorsEntry>;
}

export interface LoadedTensor {
  dtype: SafetensorsDtype;
  shape: number[];
  /** Little-endian, C order; a view of memory of its own, so any typed array fits on `data.buffer`. */
  data: Uint8Array<ArrayBuffer>;
}

/** Reads and checks a safetensors header: the tensors must tile the data without holes, overlaps or a rest. */
export async function readSafetensorsHeader(reader: ByteReader): Promise<SafetensorsHeader> {
  const file = reader.name;
  if (reader.size < 8) throw bad(file, `has ${reader.size} bytes; a safetensors file has at least 8`);
  const length = new DataView((await reader.read(0, 8)).buffer).getBigUint64(0, true);
  if (length > BigInt(maxHeaderBytes)) throw bad(file, `claims a header of ${length} bytes; ${maxHeaderBytes} are allowed`);
  const headerBytes = Number(length);
  if (8 + headerBytes > reader.size) throw bad(file, `ends at byte ${reader.size}; its header alone goes to ${8 + headerBytes}`);
  const json = parseHeader(file, await reader.read(8, headerBytes));
  const metadata = readMetadata(file, json["__metadata__"]);
  const tensors = Object.entries(json).flatMap(([name, entry]) => (name === "__metadata__" ? [] : [readEntry(file, name, entry)]));
  checkTiling(file, tensors, reader.size - 8 - headerBytes);
  for (const tensor of tensors) tensor.offset += 8 + headerBytes;
  return { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

/** Reads a whole safetensors file into memory. For dictionaries and states; a model's tensors are read by the native side. */
export async function loadSafetensors(path: string): Promise<{ metadata: Record<string, string>; tensors: Map<string, LoadedTensor> }> {
  return withFileReader(path, async (reader) => {
    const header = await readSafetensorsHeader(reader);
    const tensors = new Map<string, LoadedTensor>();
    for (const { name, dtype, shape, offset, bytes } of header.tensors.values())
      tensors.set(name, { dtype, shape, data: await reader.read(offset, bytes) });
    return { metadata: header.metadata, tensors };
  });
}

function parseHeader(file: string, bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw bad(file, "has a header that does not begin with {");
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch (cause) {
    throw bad(file, `has a header that is no JSON: ${messageOf(cause)}`, undefined, cause);
  }
  const twice = findDuplicateKey(text);
  if (twice !== undefined) throw bad(file, `names ${brief(twice)} twice in its header`, twice);
  return json as Record<string, unknown>;
}

function readMetadata(file: string, value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw bad(file, "has __metadata__ that is no object", "__metadata__");
  for (const [key, text] of Object.entries(value))
    if (typeof text !== "string") throw bad(file, `has __metadata__.${key} that is no string`, "__metadata__");
  return value as Record<string, string>;
}

function readEntry(file: string, name: string, value: unknown): SafetensorsEntry {
  const entry = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const dtype = entry["dtype"];
  if (typeof dtype !== "string" || !Object.hasOwn(safetensorsBits, dtype))
    throw bad(file, `has the tensor ${name} with the dtype ${brief(dtype)}`, name);
  const shape = naturals(entry["shape"], maxDims);
  const range = naturals(entry["data_offsets"], 2);
  const [begin, end] = range ?? [];
  if (!shape) throw bad(file, `has the tensor ${name} without a proper shape`, name);
  if (begin === undefined || end === undefined || end < begin) throw bad(file, `has the tensor ${name} without proper data_offsets`, name);
  const bits = shape.reduce((product, n) => product * BigInt(n), BigInt(safetensorsBits[dtype as SafetensorsDtype]));
  if (bits !== 8n * BigInt(end - begin))
    throw bad(file, `has the tensor ${name} of shape [${shape.join(", ")}] and ${dtype} in ${end - begin} bytes`, name);
  return { name, dtype: dtype as SafetensorsDtype, shape, offset: begin, bytes: end - begin };
}

function naturals(value: unknown, maxLength: number): number[] | undefined {
  return Array.isArray(value) && value.length <= maxLength && value.every((n) => Number.isSafeInteger(n) && n >= 0)
    ? (value as number[])
    : undefined;
}

function checkTiling(file: string, tensors: SafetensorsEntry[], dataBytes: number): void {
  let at = 0;
  for (const { name, offset, bytes } of tensors.toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    if (offset !== at)
      throw bad(
        file,
        `has ${offset > at ? "a hole before" : "an overlap at"} the tensor ${name}: it begins at ${offset} of the data, ${at} was expected`,
        name,
      );
    at += bytes;
  }
  if (at !== dataBytes) throw bad(file, `has ${dataBytes} bytes of data; its tensors take ${at}`);
}

function bad(file: string, what: string, field?: string, cause?: unknown): LexiscopeError {
  return new LexiscopeError("bad_file", `${file} ${what}`, {
    file,
    ...(field === undefined ? {} : { field }),
    cause,
    hint: "the file is truncated or damaged; make or download it again",
  });
}
