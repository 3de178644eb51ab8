import { LexiscopeError, sha256File } from "@lexiscope/core";
import { withFileReader, type ByteReader } from "@lexiscope/formats";
import type { BufferCache } from "./cache.ts";
import { bf16Width } from "./row-sums.ts";
import { normsTensor, readShardTensor, rowsTensor, type ShardHeader } from "./shard.ts";

/** Which contexts a shard holds and where their rows lie; small enough to be kept for every shard of a store. */
export interface ShardIndex {
  /** [C] */
  document: Uint32Array;
  start: Uint32Array;
  heldOut: Uint8Array;
  /** [C + 1] offsets of the contexts' tokens. */
  tokenOffsets: Uint32Array;
  /** [C + 1] offsets of the contexts' rows, outliers included. */
  rowOffsets: Uint32Array;
}

/** One shard open for reading; its content hash is checked before the first tensor is given out. */
export class ShardReader {
  readonly header: ShardHeader;
  readonly #expectedHash: string;
  readonly #limits: ReadonlyMap<string, number>;
  readonly #cache: BufferCache;
  #checked: Promise<void> | undefined;
  #index: Promise<ShardIndex> | undefined;
  readonly #outliers = new Map<string, Promise<Uint32Array>>();

  /** `limits`: site → largest norm of a row that counts. */
  constructor(header: ShardHeader, expectedHash: string, limits: ReadonlyMap<string, number>, cache: BufferCache) {
    this.header = header;
    this.#expectedHash = expectedHash;
    this.#limits = limits;
    this.#cache = cache;
  }

  /** Checks the content hash, once. */
  check(signal?: AbortSignal): Promise<void> {
    this.#checked ??= this.#checkHash(signal).catch((error: unknown) => {
      this.#checked = undefined;
      throw error;
    });
    return this.#checked;
  }

  async #checkHash(signal?: AbortSignal): Promise<void> {
    const { path } = this.header;
    const found = await sha256File(path, signal);
    if (found === this.#expectedHash) return;
    throw new LexiscopeError("bad_file", `${path} is damaged: its SHA-256 is ${found}; the manifest says ${this.#expectedHash}`, {
      file: path,
      hint: "delete the file and the manifest beside it, then run the same harvest again; only this shard is made anew",
    });
  }

  async tensor(name: string): Promise<ArrayBuffer> {
    await this.check();
    return this.#cache.get(`${this.header.ordinal} ${name}`, () => readShardTensor(this.header, name));
  }

  index(): Promise<ShardIndex> {
    this.#index ??= this.#readIndex();
    return this.#index;
  }

  async #readIndex(): Promise<ShardIndex> {
    await this.check();
    const read = (name: string): Promise<ArrayBuffer> => readShardTensor(this.header, name);
    const rowContext = new Uint32Array(await read("row_context"));
    const tokenOffsets = new Uint32Array(await read("offsets"));
    checkOffsets(this.header, tokenOffsets);
    checkRows(this.header, tokenOffsets, rowContext, new Uint32Array(await read("row_position")));
    const rowOffsets = new Uint32Array(this.header.contexts + 1);
    for (const context of rowContext) rowOffsets[context + 1] = (rowOffsets[context + 1] ?? 0) + 1;
    for (let c = 0; c < this.header.contexts; c++) rowOffsets[c + 1] = (rowOffsets[c + 1] as number) + (rowOffsets[c] as number);
    return {
      document: new Uint32Array(await read("document")),
      start: new Uint32Array(await read("start")),
      heldOut: new Uint8Array(await read("held_out")),
      tokenOffsets,
      rowOffsets,
    };
  }

  /** Rows at a site that are left out because of their norm, ascending. */
  outliers(site: string): Promise<Uint32Array> {
    const known = this.#outliers.get(site);
    if (known) return known;
    const found = this.check().then(async () => {
      const norms = new Float32Array(await readShardTensor(this.header, normsTensor(site)));
      const limit = this.#limits.get(site) ?? Infinity;
      const rows: number[] = [];
      for (const [row, norm] of norms.entries()) if (norm > limit) rows.push(row);
      return Uint32Array.from(rows);
    });
    this.#outliers.set(site, found);
    return found;
  }

  /** Copies the rows of contexts (ordinals in the shard) into `target` from row `at` on, outliers left out. */
  async copyRows(site: string, contexts: readonly number[], target: Uint16Array, at: number): Promise<number> {
    const { rowOffsets } = await this.index();
    const outliers = new Set(await this.outliers(site));
    const tensor = this.header.tensors.get(rowsTensor(site));
    const d = tensor?.shape[1] ?? 0;
    const begin = at;
    await withFileReader(this.header.path, async (reader: ByteReader) => {
      for (const [from, to] of runs(contexts)) {
        const first = rowOffsets[from] as number;
        const end = rowOffsets[to] as number;
        if (first === end) continue;
        const rows = new Uint16Array(
          (await reader.read((tensor?.offset ?? 0) + first * d * bf16Width, (end - first) * d * bf16Width)).buffer,
        );
        for (let row = first, stretch = first; row <= end; row++) {
          if (row < end && !outliers.has(row)) continue;
          target.set(rows.subarray((stretch - first) * d, (row - first) * d), at * d);
          at += row - stretch;
          stretch = row + 1;
        }
      }
    });
    return at - begin;
  }
}

/** A shard from elsewhere may be whole and hashed, and still say of itself what cannot be. */
function impossible({ path }: ShardHeader, field: string, what: string): LexiscopeError {
  return new LexiscopeError("bad_file", `${path}: ${field} ${what}`, { file: path, field, hint: "harvest it again" });
}

function checkOffsets(header: ShardHeader, offsets: Uint32Array): void {
  const tokens = header.tensors.get("tokens")?.shape[0] ?? 0;
  if (offsets[0] !== 0 || offsets[header.contexts] !== tokens || offsets.some((offset, i) => i > 0 && offset <= (offsets[i - 1] as number)))
    throw impossible(header, "offsets", `does not cut ${tokens} tokens into ${header.contexts} contexts`);
}

function checkRows(header: ShardHeader, offsets: Uint32Array, contexts: Uint32Array, positions: Uint32Array): void {
  for (const [row, context] of contexts.entries()) {
    const position = positions[row] as number;
    const before = row > 0 ? (contexts[row - 1] as number) : -1;
    if (context >= header.contexts || context < before || (context === before && position <= (positions[row - 1] as number)))
      throw impossible(header, "row_context", `has row ${row} out of order (context ${context}, position ${position})`);
    if (position >= (offsets[context + 1] as number) - (offsets[context] as number))
      throw impossible(header, "row_position", `has row ${row} at position ${position}, beyond the end of context ${context}`);
  }
}

/** Ranges [from, to) of neighbouring numbers. */
function* runs(numbers: readonly number[]): Generator<[number, number]> {
  for (let i = 0; i < numbers.length;) {
    const from = numbers[i] as number;
    let n = 1;
    while (numbers[i + n] === from + n) n++;
    yield [from, from + n];
    i += n;
  }
}
