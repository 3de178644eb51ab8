import type fc from "fast-check";

/** One parser under fuzz. Every input is bytes: a file, a text, or a list of choices that the target reads as such. */
export interface FuzzTarget {
  arbitrary: fc.Arbitrary<Uint8Array>;
  /** Valid inputs: where coverage-guided runs begin. */
  seeds: readonly Uint8Array[];
  /** Reads an input and uses what comes out of it. It may throw a `LexiscopeError` and nothing else. */
  read(input: Uint8Array): unknown;
  limits?: Partial<Limits>;
  close?(): Promise<void>;
}

/** What one input may cost. */
export interface Limits {
  /** Processor time, ms. */
  cpuMs: number;
  /** Bytes of buffers, beside twice the input's size. */
  buffers: number;
  /** Bytes of JavaScript objects a byte of input, and beside that: `[]` takes two bytes in JSON and sixteen in memory. */
  heapPerByte: number;
  heap: number;
}

export const defaultLimits: Limits = { cpuMs: 1500, buffers: 2 ** 20, heapPerByte: 100, heap: 16 * 2 ** 20 };

/** A message is for a person to read: one that carries a whole file is a fault. */
export const maxMessage = 4096;
