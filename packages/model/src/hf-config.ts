import { brief, LexiscopeError } from "@lexiscope/core";

/** Typed access to one JSON object of a model folder. null counts as absent. */
export class HfConfig {
  readonly file: string;
  readonly #json: Record<string, unknown>;

  constructor(file: string, json: unknown) {
    if (typeof json !== "object" || json === null || Array.isArray(json))
      throw new LexiscopeError("bad_file", `${file} holds no JSON object`, { file, hint: "download the model again" });
    this.file = file;
    this.#json = json as Record<string, unknown>;
  }

  get(key: string): unknown {
    return Object.hasOwn(this.#json, key) ? (this.#json[key] ?? undefined) : undefined;
  }

  integer(key: string): number | undefined {
    return this.#typed(key, "a whole number", (value): value is number => Number.isSafeInteger(value));
  }

  number(key: string): number | undefined {
    return this.#typed(key, "a number", (value): value is number => typeof value === "number" && Number.isFinite(value));
  }

  bool(key: string): boolean | undefined {
    return this.#typed(key, "true or false", (value): value is boolean => typeof value === "boolean");
  }

  string(key: string): string | undefined {
    return this.#typed(key, "a string", (value): value is string => typeof value === "string");
  }

  object(key: string): HfConfig | undefined {
    const value = this.#typed(key, "an object", (found): found is object => typeof found === "object" && !Array.isArray(found));
    return value === undefined ? undefined : new HfConfig(this.file, value);
  }

  needed<T>(key: string, value: T | undefined): T {
    if (value === undefined)
      throw new LexiscopeError("bad_file", `${this.file} lacks ${key}`, { file: this.file, field: key, hint: "download the model again" });
    return value;
  }

  #typed<T>(key: string, kind: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.get(key);
    if (value === undefined || is(value)) return value;
    throw new LexiscopeError("bad_file", `${this.file}: ${key} is ${brief(value)}, not ${kind}`, {
      file: this.file,
      field: key,
    });
  }
}
