import { LexiscopeError } from "@lexiscope/core";

/** Thrown when a header goes on beyond the bytes at hand; `end` is how many are needed at least. */
export class NeedMoreBytes extends Error {
  readonly end: number;
  constructor(end: number) {
    super(`bytes up to ${end} are needed`);
    this.end = end;
  }
}

/** One string: no tokenizer, licence or chat template comes near this; a flipped length bit does. */
const maxStringBytes = 64 * 2 ** 20;

/** Reads little-endian fields one after the other from the start of a file. */
export class GgufCursor {
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  position = 0;

  constructor(name: string, bytes: Uint8Array) {
    this.#name = name;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves over `length` bytes and says where they begin. */
  take(length: number): number {
    const at = this.position;
    if (at + length > this.#bytes.byteLength) throw new NeedMoreBytes(at + length);
    this.position = at + length;
    return at;
  }

  view(length: number): DataView {
    const at = this.take(length);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
  }

  u8(): number {
    return this.#view.getUint8(this.take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.take(8), true);
  }

  /** A u64 that counts or measures something: `limit` names what it may be at most. */
  count(what: string, limit: number): number {
    const value = this.u64();
    if (value > BigInt(limit)) throw this.error(`${what} is ${value}; at most ${limit} is sensible`);
    return Number(value);
  }

  /** u64 length, then UTF-8. */
  string(what: string, limit = maxStringBytes): string {
    const length = this.count(`the length of ${what}`, limit);
    const at = this.take(length);
    try {
      return this.#text.decode(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw this.error(`${what} is not valid UTF-8`, cause);
    }
  }

  error(message: string, cause?: unknown): LexiscopeError {
    return new LexiscopeError("bad_file", `${this.#name}: ${message} (near byte ${this.position})`, {
      file: this.#name,
      hint: "the file is damaged or was written by a broken tool; make or download it again",
      cause,
    });
  }
}
