import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { openAtlas } from "@lexiscope/atlas";
import { writeSyntheticAtlas } from "@lexiscope/atlas/testing";
import fc from "fast-check";
import { mutatedBytes } from "../mutate-bytes.ts";
import { mutatedJson } from "../mutate-json.ts";
import { scratchFolder } from "../scratch.ts";
import type { FuzzTarget } from "../target.ts";

const names = [
  "features.sqlite",
  "examples/layer-1.bin",
  "examples/contexts.bin",
  "examples/index.json.gz",
  "examples/contexts.json.gz",
  "cfg.json",
  "manifest.json",
];

/** An atlas with one changed file, its manifest made to agree with it: opened, searched, listed, every feature read. The first byte says which file. */
export async function atlas(): Promise<FuzzTarget> {
  const { folder, remove } = await scratchFolder();
  const path = join(folder, "atlas");
  await writeSyntheticAtlas({ folder: path, features: 5 });
  const whole = names.map((name) => new Uint8Array(readFileSync(join(path, name))));
  const manifest = JSON.parse(readFileSync(join(path, "manifest.json"), "utf8")) as {
    files: { file: string; bytes: number; sha256: string }[];
  };
  const tag = (which: number) => (bytes: Uint8Array) => new Uint8Array(Buffer.concat([Buffer.of(which), bytes]));
  const text = (which: number): string => Buffer.from(whole[which] ?? []).toString();
  const packed = (which: number): fc.Arbitrary<Uint8Array> =>
    mutatedJson([gunzipSync(whole[which] ?? new Uint8Array()).toString()]).map((json) =>
      tag(which)(new Uint8Array(gzipSync(json, { level: 1 }))),
    );
  const database = whole[0] ?? new Uint8Array();
  // Most of a database is empty: changes are put where its pages have something.
  const used = Array.from(database.keys()).filter((at) => database[at] !== 0);
  const changedDatabase = fc
    .array(fc.tuple(fc.noBias(fc.nat(used.length - 1)), fc.noBias(fc.nat(255))), { minLength: 1, maxLength: 6 })
    .map((changes) => {
      const bytes = database.slice();
      for (const [at, value] of changes) bytes[used[at] ?? 0] = value;
      return tag(0)(bytes);
    });
  return {
    seeds: whole.map((bytes, which) => tag(which)(bytes)),
    arbitrary: fc.oneof(
      { weight: 4, arbitrary: changedDatabase },
      ...[1, 2, 3, 4].map((which) => ({ weight: 1, arbitrary: mutatedBytes([whole[which] ?? new Uint8Array()]).map(tag(which)) })),
      { weight: 2, arbitrary: packed(3) },
      { weight: 2, arbitrary: packed(4) },
      { weight: 1, arbitrary: mutatedJson([text(5)]).map(tag(5)) },
      { weight: 2, arbitrary: mutatedJson([text(6)]).map(tag(6)) },
    ),
    // SQLite's page cache, and the schemas of zod.
    limits: { buffers: 4 * 2 ** 20, heap: 64 * 2 ** 20 },
    read: async (input) => {
      const which = (input[0] ?? 0) % names.length;
      const body = input.subarray(1);
      const file = join(path, names[which] ?? "");
      writeFileSync(file, body);
      if (which !== 6) {
        const sha256 = createHash("sha256").update(body).digest("hex");
        const files = manifest.files.map((one) => (one.file === names[which] ? { ...one, bytes: body.byteLength, sha256 } : one));
        writeFileSync(join(path, "manifest.json"), JSON.stringify({ ...manifest, files }));
      }
      try {
        const opened = await openAtlas(path);
        try {
          opened.search("the", 10);
          opened.list({ orderBy: "maximum", descending: true, offset: 0, limit: 10 });
          opened.densityHistogram();
          opened.candidates();
          for (let f = 0; f < Math.min(4, opened.manifest.dictionary.features); f++)
            await opened.feature(f, { window: { before: 4, after: 4 } });
          await opened.dictionary();
        } finally {
          opened.close();
        }
      } finally {
        writeFileSync(file, whole[which] ?? new Uint8Array());
      }
    },
    close: remove,
  };
}
