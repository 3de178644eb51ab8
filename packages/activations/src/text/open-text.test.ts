import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { finish } from "@lexiscope/core";
import { temporaryFolder } from "../testing/index.ts";
import type { Document, TextSource } from "../types.ts";
import { openText, type OpenTextOptions } from "./open-text.ts";

async function read(options: OpenTextOptions): Promise<{ documents: Document[]; messages: string[]; sources: TextSource[] }> {
  const messages: string[] = [];
  const sources = await finish(openText(options), (event) => messages.push(event.message ?? ""));
  const documents: Document[] = [];
  for (const source of sources) for await (const document of source.documents()) documents.push(document);
  return { documents, messages, sources };
}

test("a folder: plain and packed files, JSONL with its column said, hidden and other files left out", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "sub"));
  await mkdir(join(folder, ".git"));
  await writeFile(join(folder, "a.txt"), "first");
  await writeFile(join(folder, "sub", "b.md.gz"), gzipSync("second"));
  await writeFile(join(folder, ".git", "c.txt"), "hidden");
  await writeFile(join(folder, "d.png"), "no text");
  await writeFile(join(folder, "e.jsonl"), '{"text":"third"}\n\n{"text":null}\n{"text":"fourth"}\n');
  const { documents, messages, sources } = await read({ text: [{ ref: folder, weight: 2 }] });
  expect(
    documents
      .map(({ text }) => text)
      .filter((text) => text !== "")
      .toSorted(),
  ).toEqual(["first", "fourth", "second", "third"]);
  expect(messages.join()).toMatch(/e\.jsonl: text from column text/);
  expect(sources.reduce((sum, { weight }) => sum + weight, 0)).toBe(2);
});

test("a file may be cut into documents, invalid bytes are counted", async () => {
  const file = join(await temporaryFolder(), "book.txt");
  await writeFile(file, Buffer.concat([Buffer.from("one\ntwo\n\nthree "), Buffer.of(0xff)]));
  const { documents, messages } = await read({ text: [{ ref: file }], split: "block" });
  expect(documents.map(({ text }) => text)).toEqual(["one\ntwo", "three \ufffd"]);
  expect(documents.reduce((sum, { replaced = 0 }) => sum + replaced, 0)).toBe(1);
  // One file: its parts are works of their own, and that is said.
  expect(documents.map(({ work }) => work)).toEqual([undefined, undefined]);
  expect(messages.join()).toMatch(/book\.txt: .*held out comes from the same file/);
});

test("of several files that are cut each is one work, wherever the folder lies", async () => {
  const make = async (): Promise<Document[]> => {
    const folder = await temporaryFolder();
    for (const name of ["a", "b", "c"]) await writeFile(join(folder, `${name}.txt`), `${name} one\n\n${name} two`);
    const { documents, messages } = await read({ text: [{ ref: folder }], split: "block" });
    expect(messages).toEqual([]);
    return documents;
  };
  const documents = await make();
  const works = ["a", "b", "c"].map((name) => new Set(documents.filter(({ text }) => text.startsWith(name)).map(({ work }) => work)));
  expect(works.map(({ size }) => size)).toEqual([1, 1, 1]);
  expect(new Set(works.flatMap((set) => [...set])).size).toBe(3);
  expect((await make()).map(({ text, work }) => ({ text, work }))).toEqual(documents.map(({ text, work }) => ({ text, work })));
});

test("chats are rendered with the model's template, which must exist", async () => {
  const file = join(await temporaryFolder(), "chats.jsonl");
  await writeFile(file, '{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"hello"}]}\n');
  await expect(read({ text: [{ ref: file }] })).rejects.toThrow(/no chat template/);
  const chatTemplate = {
    render: (messages: readonly { role: string; content: string }[]) => messages.map(({ role, content }) => `<${role}>${content}`).join(""),
  };
  const { documents } = await read({ text: [{ ref: file }], chatTemplate });
  expect(documents).toEqual([{ text: "<user>hi<assistant>hello", source: "chats.jsonl", rendered: true }]);
});

test("what cannot be read is named", async () => {
  const folder = await temporaryFolder();
  await expect(read({ text: [{ ref: join(folder, "none.txt") }] })).rejects.toMatchObject({ code: "not_found" });
  await expect(read({ text: [{ ref: folder }] })).rejects.toMatchObject({ code: "invalid_input", field: "text" });
  await writeFile(join(folder, "x.parquet"), "PAR1");
  await expect(read({ text: [{ ref: join(folder, "x.parquet") }] })).rejects.toMatchObject({ code: "unsupported" });
  await writeFile(join(folder, "empty.jsonl"), "");
  await expect(read({ text: [{ ref: join(folder, "empty.jsonl") }] })).rejects.toThrow(/is empty/);
  await writeFile(join(folder, "bad.jsonl"), '{"text":"fine"}\n{"text":7}\n');
  await expect(read({ text: [{ ref: join(folder, "bad.jsonl") }] })).rejects.toThrow(/line 2: column text is no string/);
  await writeFile(join(folder, "cut.txt.gz"), gzipSync("some text that is long enough to be cut").subarray(0, 30));
  await expect(read({ text: [{ ref: join(folder, "cut.txt.gz") }] })).rejects.toMatchObject({ code: "bad_file" });
});
