import { brief, LexiscopeError } from "@lexiscope/core";
import { GgufCursor, NeedMoreBytes } from "./gguf-cursor.ts";
import { ggmlTypes, type GgmlType } from "./gguf-types.ts";
import { readGgufValue, type GgufValue } from "./gguf-values.ts";
import type { ByteReader } from "./reader.ts";

/** Keys and tensor infos together. The largest vocabularies (256k) make about 12 MB; stops a header that claims the whole file. */
const maxHeaderBytes = 256 * 2 ** 20;
/** First read: holds the header of most models; the rest follows by doubling. */
const firstReadBytes = 4 * 2 ** 20;
/** The format's own limits. A longer key or a 64-byte name overruns the fixed buffers of other readers. */
const maxKeyBytes = 65_535;
const maxNameBytes = 63;
const maxDims = 4;
/** A 1,000-layer mixture has some 20,000 tensors; stops a loop over 2⁶⁴ of them. */
const maxTensors = 65_536;
/** Real files have 20 to 60 keys; stops a loop over 2⁶⁴ of them. */
const maxKeys = 65_536;
/** 32 everywhere; a huge one makes padded offsets overflow. */
const maxAlignment = 65_536;
/** Elements of one tensor and bytes of a file must be exact in a double: a file once claimed 3.4e38 parameters. */
const maxExact = BigInt(Number.MAX_SAFE_INTEGER);

export interface GgufTensor {
  name: string;
  /** `ne`, fastest axis first: a torch matrix [out, in] has ne = [in, out]. */
  ne: number[];
  type: GgmlType;
  typeId: number;
  /** From the start of the file. */
  offset: number;
  bytes: number;
}

export interface GgufHeader {
  version: 2 | 3;
  keys: Map<string, GgufValue>;
  tensors: Map<string, GgufTensor>;
  alignment: number;
  /** Where tensor data begins. */
  dataStart: number;
}

/**
 * Reads the header of a GGUF file, version 2 or 3, and checks every tensor's place against the file's size. Types that
 * Lexiscope cannot compute with are listed here like any other; opening the model refuses them by name.
 */
export async function readGgufHeader(reader: ByteReader): Promise<GgufHeader> {
  for (let length = Math.min(reader.size, firstReadBytes); ;) {
    const bytes = await reader.read(0, length);
    try {
      return parseGgufHeader(reader.name, bytes, reader.size);
    } catch (error) {
      if (!(error instanceof NeedMoreBytes)) throw error;
      if (error.end > reader.size) {
        throw new LexiscopeError(
          "bad_file",
          `${reader.name} ends at byte ${reader.size}, inside its header (${error.end} bytes are needed)`,
          { file: reader.name, hint: "the file is truncated or damaged; download it again" },
        );
      }
      if (error.end > maxHeaderBytes) {
        throw new LexiscopeError("bad_file", `${reader.name}: the header goes beyond ${maxHeaderBytes} bytes`, {
          file: reader.name,
          hint: "the file is damaged; download it again",
        });
      }
      length = Math.min(reader.size, maxHeaderBytes, Math.max(error.end, 2 * length));
    }
  }
}

function parseGgufHeader(name: string, bytes: Uint8Array, fileSize: number): GgufHeader {
  const cursor = new GgufCursor(name, bytes);
  const version = readVersion(cursor, name);
  const tensorCount = cursor.count("the number of tensors", maxTensors);
  const keyCount = cursor.count("the number of keys", maxKeys);
  const keys = new Map<string, GgufValue>();
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.string(`the name of key ${i}`, maxKeyBytes);
    if (keys.has(key)) throw cursor.error(`key ${JSON.stringify(key)} occurs twice`);
    keys.set(key, readGgufValue(cursor, key));
  }
  const alignment = readAlignment(cursor, keys);
  const tensors = new Map<string, GgufTensor>();
  let expected = 0;
  for (let i = 0; i < tensorCount; i++) {
    const tensor = readTensorInfo(cursor, name, i);
    if (tensors.has(tensor.name)) throw cursor.error(`tensor ${JSON.stringify(tensor.name)} occurs twice`);
    if (tensor.offset !== expected)
      throw cursor.error(`tensor ${tensor.name} begins at ${tensor.offset} of the data; ${expected} was expected (a hole or an overlap)`);
    expected = alignUp(expected + tensor.bytes, alignment);
    tensors.set(tensor.name, tensor);
  }
  const dataStart = alignUp(cursor.position, alignment);
  for (const tensor of tensors.values()) {
    tensor.offset += dataStart;
    if (tensor.offset + tensor.bytes > fileSize) {
      throw new LexiscopeError(
        "bad_file",
        `${name} ends at byte ${fileSize}; tensor ${tensor.name} takes the bytes up to ${tensor.offset + tensor.bytes}`,
        { file: name, field: tensor.name, hint: "the file is truncated; download it again" },
      );
    }
  }
  return { version, keys, tensors, alignment, dataStart };
}

function readVersion(cursor: GgufCursor, name: string): 2 | 3 {
  if (cursor.u32() !== 0x46554747)
    throw new LexiscopeError("bad_file", `${name} is not a GGUF file: it does not begin with "GGUF"`, {
      file: name,
      hint: "name a .gguf file",
    });
  const version = cursor.u32();
  if (version === 2 || version === 3) return version;
  const why = (version & 0xffff) === 0 ? "it is big-endian" : `its version is ${version}`;
  throw new LexiscopeError("unsupported", `${name}: ${why}; GGUF versions 2 and 3, little-endian, are read`, {
    file: name,
    field: "version",
    hint: "convert the model again with a current converter",
  });
}

function readAlignment(cursor: GgufCursor, keys: Map<string, GgufValue>): number {
  const value = keys.get("general.alignment") ?? 32;
  if (typeof value !== "number" || value < 1 || value > maxAlignment || !Number.isInteger(Math.log2(value)))
    throw cursor.error(`general.alignment is ${brief(value)}; it must be a power of two up to ${maxAlignment}`);
  return value;
}

function readTensorInfo(cursor: GgufCursor, file: string, index: number): GgufTensor {
  const name = cursor.string(`the name of tensor ${index}`, maxNameBytes);
  const dims = cursor.u32();
  if (dims < 1 || dims > maxDims) throw cursor.error(`tensor ${name} has ${dims} dimensions; 1 to ${maxDims} are allowed`);
  const ne: number[] = [];
  let elements = 1n;
  for (let i = 0; i < dims; i++) {
    const n = cursor.u64();
    elements *= n;
    if (n === 0n || elements > maxExact) throw cursor.error(`tensor ${name} has the shape [${[...ne, n].join(", ")}, …]`);
    ne.push(Number(n));
  }
  const typeId = cursor.u32();
  const type = ggmlTypes.get(typeId);
  if (!type)
    throw new LexiscopeError("unsupported", `${file}: tensor ${name} has the unknown type ${typeId}`, {
      file,
      field: name,
      hint: `known types are ${[...ggmlTypes.values()].map((known) => known.name).join(", ")}`,
    });
  if ((ne[0] ?? 0) % type.block !== 0)
    throw cursor.error(`tensor ${name}: rows of ${ne[0]} are no multiple of ${type.name}'s block of ${type.block}`);
  const bytes = (elements / BigInt(type.block)) * BigInt(type.bytes);
  const offset = cursor.u64();
  if (bytes + offset > maxExact) throw cursor.error(`tensor ${name} takes ${bytes} bytes from ${offset}`);
  return { name, ne, type, typeId, offset: Number(offset), bytes: Number(bytes) };
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
