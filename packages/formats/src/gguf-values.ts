import type { GgufCursor } from "./gguf-cursor.ts";

/** 64-bit integers are numbers where a double holds them exactly, bigints beyond. Arrays of small numbers are typed arrays. */
export type GgufValue = number | bigint | boolean | string | GgufArray;
export type GgufArray = readonly string[] | readonly boolean[] | readonly (number | bigint)[] | GgufNumbers;
type GgufNumbers = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** A vocabulary has at most 2¹⁸ entries and twice as many merges; stops an allocation from a flipped bit. */
const maxArrayLength = 2 ** 24;

interface Scalar {
  bytes: number;
  read(view: DataView, at: number): number | bigint;
  array?: new (length: number) => GgufNumbers;
}

/** By type id; 7 (bool), 8 (string) and 9 (array) are apart. */
const scalars: ReadonlyMap<number, Scalar> = new Map<number, Scalar>([
  [0, { bytes: 1, read: (v, at) => v.getUint8(at), array: Uint8Array }],
  [1, { bytes: 1, read: (v, at) => v.getInt8(at), array: Int8Array }],
  [2, { bytes: 2, read: (v, at) => v.getUint16(at, true), array: Uint16Array }],
  [3, { bytes: 2, read: (v, at) => v.getInt16(at, true), array: Int16Array }],
  [4, { bytes: 4, read: (v, at) => v.getUint32(at, true), array: Uint32Array }],
  [5, { bytes: 4, read: (v, at) => v.getInt32(at, true), array: Int32Array }],
  [6, { bytes: 4, read: (v, at) => v.getFloat32(at, true), array: Float32Array }],
  [10, { bytes: 8, read: (v, at) => exact(v.getBigUint64(at, true)) }],
  [11, { bytes: 8, read: (v, at) => exact(v.getBigInt64(at, true)) }],
  [12, { bytes: 8, read: (v, at) => v.getFloat64(at, true), array: Float64Array }],
]);

/** u32 type, then the value. */
export function readGgufValue(cursor: GgufCursor, key: string): GgufValue {
  const type = cursor.u32();
  if (type === 9) return readArray(cursor, key);
  if (type === 8) return cursor.string(key);
  if (type === 7) return readBool(cursor, key);
  const scalar = scalars.get(type);
  if (!scalar) throw cursor.error(`${key} has the unknown value type ${type}`);
  return scalar.read(cursor.view(scalar.bytes), 0);
}

function readArray(cursor: GgufCursor, key: string): GgufArray {
  const type = cursor.u32();
  const length = cursor.count(`the length of ${key}`, maxArrayLength);
  if (type === 8) return readEach(length, () => cursor.string(key));
  if (type === 7) return readEach(length, () => readBool(cursor, key));
  const scalar = scalars.get(type);
  if (!scalar) throw cursor.error(type === 9 ? `${key} is an array of arrays` : `${key} has the unknown element type ${type}`);
  const view = cursor.view(length * scalar.bytes);
  const numbers: { [index: number]: number | bigint } = scalar.array ? new scalar.array(length) : new Array<number | bigint>(length);
  for (let i = 0; i < length; i++) numbers[i] = scalar.read(view, i * scalar.bytes);
  return numbers as GgufArray;
}

/** Grows as it reads, so that a claimed length alone allocates nothing. */
function readEach<T>(length: number, read: () => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < length; i++) items.push(read());
  return items;
}

function readBool(cursor: GgufCursor, key: string): boolean {
  const byte = cursor.u8();
  if (byte > 1) throw cursor.error(`${key} is the bool ${byte}; 0 and 1 are allowed`);
  return byte === 1;
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
