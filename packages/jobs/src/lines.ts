import { type FileHandle, open } from "node:fs/promises";

/** The longest line that is given out. A result has some 20 kB; a program that prints without line breaks must not fill our memory. */
export const maxLineBytes = 2 ** 20;

/** Bytes of one read: while there is a file to catch up with, and when only what is new is awaited. */
const chunkBytes = 64 * 1024;
const newBytes = 4 * 1024;

export interface Line {
  /** The byte behind the line's break: go on from here. */
  offset: number;
  line: string;
}

/**
 * Reads the whole lines of a file that another process appends to. A line without its break is not given out; one
 * above the limit is replaced by a note.
 */
export class LineReader {
  readonly #path: string;
  /** Where the line begins that comes next. */
  #start: number;
  /** How far that line was looked at, when it is to be dropped. */
  #seen = 0;
  #dropping: "begun before" | "too long" | undefined;
  #atEnd = false;

  /** Gives the lines that begin at byte `from` or behind it. */
  constructor(path: string, from = 0) {
    this.#path = path;
    this.#start = Math.max(0, from - 1);
    if (from > 0) this.#drop("begun before", 0);
  }

  /** The last read came to the end of the file: for now there is nothing more. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** The next lines that are there; none when there is nothing more for now. */
  async read(): Promise<Line[]> {
    const file = await open(this.#path, "r");
    try {
      for (;;) {
        const before = this.#start + this.#seen;
        const lines = this.#dropping ? await this.#skip(file) : await this.#take(file);
        if (lines.length > 0 || this.#start + this.#seen === before) return lines;
      }
    } finally {
      await file.close();
    }
  }

  async #take(file: FileHandle): Promise<Line[]> {
    for (const length of [...(this.#atEnd ? [newBytes] : []), chunkBytes, maxLineBytes + 1]) {
      const bytes = await this.#bytes(file, length);
      const lines = this.#split(bytes);
      if (lines.length > 0 || bytes.length < length) return lines;
    }
    this.#drop("too long", maxLineBytes);
    return [];
  }

  #split(bytes: Buffer): Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      lines.push({ offset: this.#start + end + 1, line: bytes.toString("utf8", from, end) });
      from = end + 1;
    }
    this.#start += from;
    return lines;
  }

  /** Looks for the break of a line that is not given out. */
  async #skip(file: FileHandle): Promise<Line[]> {
    // Resuming cuts off what a killed process left of a line: then there is less than we have seen.
    if (this.#dropping === "too long" && (await file.stat()).size < this.#start + this.#seen) {
      this.#dropping = undefined;
      this.#seen = 0;
      return this.#take(file);
    }
    const bytes = await this.#bytes(file, chunkBytes);
    const end = bytes.indexOf(10);
    if (end < 0) {
      this.#seen += bytes.length;
      return [];
    }
    const [long, length] = [this.#dropping === "too long", this.#seen + end];
    this.#start += length + 1;
    this.#seen = 0;
    this.#dropping = undefined;
    const message = `a line of ${length} bytes was left out; at most ${maxLineBytes} are shown`;
    return long ? [{ offset: this.#start, line: JSON.stringify({ type: "note", message }) }] : [];
  }

  #drop(why: "begun before" | "too long", seen: number): void {
    this.#dropping = why;
    this.#seen = seen;
  }

  async #bytes(file: FileHandle, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, this.#start + this.#seen);
    this.#atEnd = bytesRead < length;
    return buffer.subarray(0, bytesRead);
  }
}
