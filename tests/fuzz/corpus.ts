import { readFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Inputs kept of one target, each at most so long: the repository carries them. */
const most = { inputs: 60, bytes: 3000 };

const fileOf = (name: string): string => fileURLToPath(new URL(`corpus/${name}.json`, import.meta.url));

/** What guided runs kept. */
export function readCorpus(name: string): Uint8Array[] {
  const file = fileOf(name);
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, "utf8")) as string[]).map((text) => new Uint8Array(Buffer.from(text, "base64")));
}

/** Writes the first of `inputs` that are not too long. */
export function keepCorpus(name: string, inputs: readonly Uint8Array[]): void {
  const kept = inputs.filter((input) => input.length <= most.bytes).slice(0, most.inputs);
  mkdirSync(fileURLToPath(new URL("corpus/", import.meta.url)), { recursive: true });
  writeFileSync(
    fileOf(name),
    `${JSON.stringify(
      kept.map((input) => Buffer.from(input).toString("base64")),
      null,
      2,
    )}\n`,
  );
}
