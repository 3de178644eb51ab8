import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Line, LineReader, maxLineBytes } from "./lines.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lexiscope-lines-"));
  path = join(folder, "events.ndjson");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function readAll(reader: LineReader): Promise<Line[]> {
  const all: Line[] = [];
  for (let lines = await reader.read(); lines.length > 0; lines = await reader.read()) all.push(...lines);
  return all;
}

const lineText = fc.string({ unit: "binary", maxLength: 60 }).map((text) => text.replaceAll(/[\n\uD800-\uDFFF]/g, ""));

test("from any byte on come exactly the whole lines that begin there or behind, and an offset goes on behind its line", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(lineText, { maxLength: 12 }), lineText, fc.nat(400), async (texts, partial, from) => {
      await writeFile(path, texts.map((text) => `${text}\n`).join("") + partial);
      const expected: Line[] = [];
      let at = 0;
      for (const line of texts) {
        const offset = at + Buffer.byteLength(line) + 1;
        if (at >= from) expected.push({ offset, line });
        at = offset;
      }
      expect(await readAll(new LineReader(path, from))).toEqual(expected);
      for (const [i, { offset }] of expected.entries()) expect(await readAll(new LineReader(path, offset))).toEqual(expected.slice(i + 1));
    }),
    { numRuns: 100 },
  );
});

test("what is appended in pieces of any size comes out as whole lines", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(lineText, { minLength: 1, maxLength: 8 }), fc.array(fc.nat(300), { maxLength: 6 }), async (texts, cuts) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""));
      await writeFile(path, "");
      const reader = new LineReader(path);
      const got: Line[] = [];
      const places = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      for (const [i, to] of places.entries()) {
        await appendFile(path, bytes.subarray(places[i - 1] ?? 0, to));
        got.push(...(await readAll(reader)));
      }
      expect(got.map(({ line }) => line)).toEqual(texts);
    }),
    { numRuns: 60 },
  );
});

test("a line of the limit is given out, a longer one is replaced by a note, and reading goes on behind it", async () => {
  const longest = "x".repeat(maxLineBytes);
  await writeFile(path, `a\n${longest}\n${longest}y\nb\n`);
  const lines = await readAll(new LineReader(path));
  expect(lines.map(({ line }) => line.length)).toEqual([1, maxLineBytes, expect.any(Number), 1]);
  expect(JSON.parse(lines[2]?.line ?? "")).toEqual({
    type: "note",
    message: `a line of ${maxLineBytes + 1} bytes was left out; at most ${maxLineBytes} are shown`,
  });
  expect(lines.at(-1)).toEqual({ offset: 2 * maxLineBytes + 7, line: "b" });
});

test("a rest without its break that is cut off, however long, is never seen", async () => {
  for (const rest of ["half", "x".repeat(maxLineBytes + 5)]) {
    await writeFile(path, `a\n${rest}`);
    const reader = new LineReader(path);
    expect((await readAll(reader)).map(({ line }) => line)).toEqual(["a"]);
    await truncate(path, 2);
    await appendFile(path, "b\n");
    expect((await readAll(reader)).map(({ line }) => line)).toEqual(["b"]);
  }
});
