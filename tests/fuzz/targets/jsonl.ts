import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { decodeText, readJsonl, splitText } from "@lexiscope/formats";
import fc from "fast-check";
import { mutatedBytes } from "../mutate-bytes.ts";
import { mutatedJson } from "../mutate-json.ts";
import { scratchFolder } from "../scratch.ts";
import type { FuzzTarget } from "../target.ts";

/** JSONL, plain and packed, and the same bytes as a text of documents. */
export async function jsonl(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const plain = '{"text":"one"}\n\n{"text":"two","n":[1,2,{"a":null}]}\r\n"three"\n';
  const seeds = [new TextEncoder().encode(plain), new Uint8Array(gzipSync(plain))];
  return {
    seeds,
    arbitrary: fc.oneof(mutatedJson([plain]), mutatedBytes(seeds)),
    limits: { buffers: 4 * 2 ** 20 },
    read: async (input) => {
      const { text } = decodeText(input);
      for (const split of ["file", "line", "block", { separator: "\n\n" }] as const) splitText(text, split);
      const path = join(folder, input[0] === 0x1f ? "fuzz.jsonl.gz" : "fuzz.jsonl");
      writeFileSync(path, input);
      for await (const line of readJsonl(path, (input.at(-1) ?? 0) & 1 ? { onBadLine: () => {} } : {})) JSON.stringify(line.line);
    },
    close: remove,
  };
}
