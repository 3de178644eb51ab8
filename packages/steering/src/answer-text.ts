/**
 * Turns the bytes of tokens into text as they come. Bytes of a character that is not complete are held back, and so is
 * text that may be the start of a stop text. Bytes that are no UTF-8 come out as U+FFFD.
 */
export class AnswerText {
  readonly #stop: readonly string[];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #bytes: Uint8Array = new Uint8Array(0);
  #held = "";

  constructor(stop: readonly string[] = []) {
    this.#stop = stop;
  }

  /** True when something is held back. */
  get holding(): boolean {
    return this.#bytes.length > 0 || this.#held.length > 0;
  }

  /** The text that is certain now; `stopped` when a stop text came, which is left out with all that follows. */
  push(bytes: Uint8Array): { text: string; stopped: boolean } {
    const all = Buffer.concat([this.#bytes, bytes]);
    const whole = all.length - incompleteTail(all);
    this.#bytes = all.subarray(whole);
    return this.#release(this.#decoder.decode(all.subarray(0, whole)));
  }

  /** What is left at the end; half a character comes out as U+FFFD. */
  flush(): string {
    const { text } = this.#release(this.#decoder.decode(this.#bytes));
    const rest = text + this.#held;
    this.#bytes = new Uint8Array(0);
    this.#held = "";
    return rest;
  }

  #release(more: string): { text: string; stopped: boolean } {
    const text = this.#held + more;
    const at = Math.min(...this.#stop.map((stop) => text.indexOf(stop)).filter((index) => index >= 0));
    if (at < Infinity) {
      this.#held = "";
      this.#bytes = new Uint8Array(0);
      return { text: text.slice(0, at), stopped: true };
    }
    const keep = Math.max(0, ...this.#stop.map((stop) => overlap(text, stop)));
    this.#held = text.slice(text.length - keep);
    return { text: text.slice(0, text.length - keep), stopped: false };
  }
}

/** Length of the longest end of `text` that is a beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}

/** How many bytes at the end begin a UTF-8 character that is not complete yet (0 to 3). */
function incompleteTail(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= 0xc2 && byte <= 0xf4) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}
