/** Keeps the most recently used buffers, up to `maxBytes` of them; the newest stays even when it is larger. */
export class BufferCache {
  readonly #maxBytes: number;
  readonly #entries = new Map<string, ArrayBuffer>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async get(key: string, load: () => Promise<ArrayBuffer>): Promise<ArrayBuffer> {
    const found = this.#entries.get(key);
    if (found) {
      this.#entries.delete(key);
      this.#entries.set(key, found);
      return found;
    }
    const buffer = await load();
    if (this.#entries.has(key)) return buffer; // another call loaded it meanwhile
    this.#entries.set(key, buffer);
    this.#bytes += buffer.byteLength;
    for (const [old, { byteLength }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes || old === key) break;
      this.#entries.delete(old);
      this.#bytes -= byteLength;
    }
    return buffer;
  }
}
