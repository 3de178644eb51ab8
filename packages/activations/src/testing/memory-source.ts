import type { Document, TextSource } from "../types.ts";

/** Texts as a source. */
export function memorySource(name: string, texts: readonly string[], weight = 1): TextSource {
  return {
    name,
    weight,
    licence: undefined,
    async *documents(): AsyncIterable<Document> {
      for (const text of texts) yield { text, source: name };
    },
  };
}
