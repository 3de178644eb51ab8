import { LexiscopeError, type ProgressEvent } from "@lexiscope/core";
import type { KeepRule } from "@lexiscope/contract";
import type { Model } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import { keepMask } from "./keep.ts";
import type { PlannedContext } from "./plan.ts";
import { addRows } from "./row-sums.ts";
import type { ShardContent, ShardSite } from "./shard.ts";

/** Tokens of one call of the model: enough to fill its matrix products, few enough to stop and to report often. */
const batchTokens = 2048;

export interface ShardWork {
  model: Model;
  sites: readonly string[];
  keep: KeepRule;
  planHash: string;
  ordinal: number;
  first: number;
  contexts: readonly PlannedContext[];
  signal: AbortSignal | undefined;
  onBatch: (tokens: number) => ProgressEvent;
}

/** Runs the model on the contexts of one shard, tapping all sites in one pass. Yields after each batch. */
export async function* computeShard(work: ShardWork): AsyncGenerator<ProgressEvent, ShardContent, void> {
  const { model, contexts } = work;
  const masks = contexts.map((context) => keepMask(context.tokens, work.keep, model.tokenizer.specialIds));
  const rowContext: number[] = [];
  const rowPosition: number[] = [];
  for (const [i, mask] of masks.entries()) {
    for (const [position, kept] of mask.entries()) {
      if (kept === 0) continue;
      rowContext.push(i);
      rowPosition.push(position);
    }
  }
  const d = model.architecture.d;
  const sites = work.sites.map((name): ShardSite => ({
    name,
    d,
    rows: new Uint16Array(rowContext.length * d),
    norms: new Float32Array(rowContext.length),
    sum: new Float64Array(d),
  }));
  let row = 0;
  for (const [from, to] of batches(contexts)) {
    const batch = contexts.slice(from, to);
    const lengths = Int32Array.from(batch, (context) => context.tokens.length);
    const keep = concatenate(Uint8Array, masks.slice(from, to));
    const output = await withTask(work.signal, (task) =>
      model.native.forward(
        {
          tokens: concatenate(
            Int32Array,
            batch.map((context) => context.tokens),
          ),
          lengths,
          taps: work.sites.map((site) => ({ site, keep, values: "bf16" as const })),
          edits: [],
          logits: "none",
          top: 0,
        },
        task,
      ),
    );
    for (const [s, site] of sites.entries()) {
      const tap = output.taps[s];
      if (!(tap?.values instanceof Uint16Array)) throw new LexiscopeError("internal", `the model returned no bf16 rows for ${site.name}`);
      checkFinite(tap.norms, site.name, work.first + from);
      site.rows.set(tap.values, row * d);
      site.norms.set(tap.norms, row);
    }
    row += output.taps[0]?.norms.length ?? 0;
    yield work.onBatch(lengths.reduce((sum, length) => sum + length, 0));
  }
  if (row !== rowContext.length) throw new LexiscopeError("internal", `the model returned ${row} rows; ${rowContext.length} were expected`);
  for (const site of sites)
    for (let r = 0; r < row; r++) if (!contexts[rowContext[r] as number]?.heldOut) addRows(site.sum, site.rows, r, r + 1);
  return {
    planHash: work.planHash,
    ordinal: work.ordinal,
    first: work.first,
    contexts,
    rowContext: Uint32Array.from(rowContext),
    rowPosition: Uint32Array.from(rowPosition),
    sites,
  };
}

/** Ranges of contexts that have about `batchTokens` tokens together. */
function* batches(contexts: readonly PlannedContext[]): Generator<[number, number]> {
  let from = 0;
  let tokens = 0;
  for (const [i, context] of contexts.entries()) {
    if (i > from && tokens + context.tokens.length > batchTokens) {
      yield [from, i];
      from = i;
      tokens = 0;
    }
    tokens += context.tokens.length;
  }
  if (from < contexts.length) yield [from, contexts.length];
}

function checkFinite(norms: Float32Array, site: string, context: number): void {
  if (norms.every((norm) => Number.isFinite(norm))) return;
  throw new LexiscopeError("bad_file", `an activation at ${site} is not finite, in or after context ${context}`, {
    field: site,
    hint: "the model's weights hold NaN or overflow; open it with --dtype f32 or get the file again",
  });
}

function concatenate<T extends Uint8Array | Int32Array>(make: new (length: number) => T, parts: readonly T[]): T {
  const out = new make(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
