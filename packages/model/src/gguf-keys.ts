import { LexiscopeError } from "@lexiscope/core";
import type { GgufHeader } from "@lexiscope/formats";

/** Typed access to a GGUF header's keys. A key of the wrong kind, or a needed one that is missing, is a `bad_file` error. */
export class GgufKeys {
  readonly file: string;
  readonly #keys: GgufHeader["keys"];

  constructor(file: string, keys: GgufHeader["keys"]) {
    this.file = file;
    this.#keys = keys;
  }

  names(): string[] {
    return [...this.#keys.keys()];
  }

  /** Whole numbers come as u32, u64 or i32. */
  integer(key: string): number | undefined {
    return this.#get(key, "a whole number", (value): value is number => Number.isSafeInteger(value));
  }

  number(key: string): number | undefined {
    return this.#get(key, "a number", (value): value is number => typeof value === "number" && Number.isFinite(value));
  }

  bool(key: string): boolean | undefined {
    return this.#get(key, "a bool", (value): value is boolean => typeof value === "boolean");
  }

  string(key: string): string | undefined {
    return this.#get(key, "a string", (value): value is string => typeof value === "string");
  }

  strings(key: string): readonly string[] | undefined {
    return this.#get(
      key,
      "an array of strings",
      (value): value is readonly string[] => Array.isArray(value) && value.every((item) => typeof item === "string"),
    );
  }

  numbers(key: string): ArrayLike<number> | undefined {
    return this.#get(
      key,
      "an array of numbers",
      (value): value is ArrayLike<number> =>
        ArrayBuffer.isView(value) || (Array.isArray(value) && value.every((item) => typeof item === "number")),
    );
  }

  needed<T>(key: string, value: T | undefined): T {
    if (value === undefined)
      throw new LexiscopeError("bad_file", `${this.file} lacks the key ${key}`, {
        file: this.file,
        field: key,
        hint: "convert or download the model again",
      });
    return value;
  }

  #get<T>(key: string, kind: string, is: (value: unknown) => value is T): T | undefined {
    const value: unknown = this.#keys.get(key);
    if (value === undefined || is(value)) return value;
    throw new LexiscopeError("bad_file", `${this.file}: ${key} is not ${kind}`, {
      file: this.file,
      field: key,
      hint: "convert or download the model again",
    });
  }
}
