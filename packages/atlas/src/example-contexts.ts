import type { ActivationStore } from "@lexiscope/activations";
import { LexiscopeError, throwIfAborted } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import type { NativeIndexResult } from "@lexiscope/native";
import { tokenTextOf } from "./directions.ts";
import type { ContextRecord } from "./feature-record.ts";

/** A context with the text of each of its tokens. */
export type TextContext = ContextRecord & { texts: readonly string[] };

/** The contexts that examples were taken from. */
export interface ExampleContexts {
  readonly all: readonly TextContext[];
  /** Ordinal in the atlas of a context of the store. */
  ordinal(id: number): number;
  get(ordinal: number): TextContext;
}

export function exampleContextsFrom(all: readonly TextContext[]): ExampleContexts {
  const ordinals = new Map(all.map(({ id }, ordinal) => [id, ordinal]));
  const missing = (what: string): LexiscopeError =>
    new LexiscopeError("internal", `the index names ${what}, which the store does not have`);
  return {
    all,
    ordinal: (id) => {
      const ordinal = ordinals.get(id);
      if (ordinal === undefined) throw missing(`context ${id}`);
      return ordinal;
    },
    get: (ordinal) => {
      const context = all[ordinal];
      if (!context) throw missing(`example context ${ordinal}`);
      return context;
    },
  };
}

/** Reads the tokens of every context that an example was taken from, in the store's order. */
export async function exampleContexts(
  store: ActivationStore,
  model: Model,
  result: NativeIndexResult,
  signal: AbortSignal | undefined,
): Promise<ExampleContexts> {
  const needed = new Set(result.exampleContext);
  const texts = new Map<number, string>();
  const textOf = (id: number): string => {
    const text = texts.get(id) ?? tokenTextOf(model, id);
    texts.set(id, text);
    return text;
  };
  const all: TextContext[] = [];
  for (let shard = 0; shard < store.manifest.shards.length; shard++) {
    throwIfAborted(signal);
    for (const { id, document, start, tokens } of await store.contexts(shard)) {
      if (needed.has(id)) all.push({ id, document, start, tokens: Array.from(tokens), texts: Array.from(tokens, textOf) });
    }
  }
  return exampleContextsFrom(all);
}
