import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { createRandom, LexiscopeError, throwIfAborted, type Work, type WorkOptions } from "@lexiscope/core";
import type { StoreManifest } from "@lexiscope/contract";
import type { Tokenizer } from "@lexiscope/model";
import { createDeduplicator } from "./text/deduplicate.ts";
import { toWellFormed } from "./text/well-formed.ts";
import type { Document, TextSource } from "./types.ts";
import { createWindower, type Window } from "./windows.ts";

export interface PlanOptions extends WorkOptions {
  sources: readonly TextSource[];
  tokenizer: Tokenizer;
  /** Token budget over all sources; fewer when the text ends before. */
  tokens: number;
  /** Tokens of a context. */
  context: number;
  seed: number;
  /** Share of the tokens that is held out, by whole works. */
  heldOutShare: number;
}

export interface PlannedContext {
  document: number;
  /** Offset of its first token of text in the document's tokens. */
  start: number;
  tokens: Int32Array;
  heldOut: boolean;
}

/** What will be read: contexts in their final order. The same text, tokenizer and options give the same plan. */
export interface TextPlan {
  contexts: PlannedContext[];
  tokens: number;
  documents: number;
  /** What each source gave. */
  text: StoreManifest["text"];
  /** Documents left out because their text stood earlier already. */
  repeats: number;
  /** Lone surrogates and invalid bytes that became U+FFFD. */
  replaced: number;
}

interface PlannedDocument {
  /** Works are held out whole. */
  work: string;
  windows: Window[];
}

/** One source while it is read. */
interface Reading {
  source: TextSource;
  iterator: AsyncIterator<Document>;
  open: boolean;
  documents: PlannedDocument[];
  /** The document that is not tokenised to its end yet; it stands in `documents` from its first window on. */
  current: { document: PlannedDocument; rest: Iterator<Window[], Window[]> } | undefined;
  /** Windows of the last document that the budget has not reached yet. */
  pending: Window[];
  tokens: number;
}

/** Reads documents from the sources by their weights until the budget is full and cuts them into contexts. */
export async function* planText(options: PlanOptions): Work<TextPlan> {
  checkOptions(options);
  const { signal } = options;
  const windowsOf = createWindower(options.tokenizer, options.context);
  const isRepeat = createDeduplicator();
  const readings = options.sources.map((source): Reading => ({
    source,
    iterator: source.documents(signal)[Symbol.asyncIterator](),
    open: true,
    documents: [],
    current: undefined,
    pending: [],
    tokens: 0,
  }));
  const counts = { repeats: 0, replaced: 0 };
  const total = (): number => readings.reduce((sum, reading) => sum + reading.tokens, 0);
  let shown = performance.now();
  let paused = shown;
  try {
    // A source that ends early leaves its share to the others, in further rounds.
    // Whatever is less than a window of two tokens counts as full.
    while (total() + 1 < options.tokens && readings.some((reading) => reading.open)) {
      const open = readings.filter((reading) => reading.open);
      const weights = open.reduce((sum, reading) => sum + reading.source.weight, 0);
      const missing = options.tokens - total();
      for (const reading of open) {
        const quota = reading.tokens + Math.max(2, Math.round((missing * reading.source.weight) / weights));
        while (reading.open && reading.tokens + 1 < quota && total() + 1 < options.tokens) {
          takeWindows(reading, Math.min(quota - reading.tokens, options.tokens - total()));
          if (reading.tokens + 1 >= quota) break;
          if (performance.now() - paused > 20) {
            await setImmediate(); // tokenising is synchronous: let signals in
            paused = performance.now();
          }
          throwIfAborted(signal);
          if (!reading.current) {
            const next = await reading.iterator.next();
            if (next.done) reading.open = false;
            else openDocument(reading, next.value);
          }
          readPiece(reading);
          if (performance.now() - shown > 250) {
            shown = performance.now();
            yield { phase: "read", done: total(), total: options.tokens, unit: "tokens", rate: 0, message: reading.source.name };
          }
        }
      }
    }
  } finally {
    for (const { iterator } of readings) await iterator.return?.();
  }
  if (total() === 0) {
    throw new LexiscopeError("invalid_input", "the text is empty: it has no document of at least two tokens", {
      field: "text",
      hint: "name a file, a folder or a JSONL file that holds text",
    });
  }
  return arrange(readings, options, counts);

  function openDocument(reading: Reading, document: Document): void {
    const { text, replaced } = toWellFormed(document.text);
    if (isRepeat(text)) {
      counts.repeats++;
      return;
    }
    counts.replaced += replaced + (document.replaced ?? 0);
    reading.current = {
      document: { work: `${document.source}\n${document.work ?? `#${reading.documents.length}`}`, windows: [] },
      rest: windowsOf(text, document.rendered ?? false),
    };
  }
}

/** Tokenises one more piece of the current document; after its last the next document's turn comes. */
function readPiece(reading: Reading): void {
  if (!reading.current) return;
  const { document, rest } = reading.current;
  const step = rest.next();
  if (step.done) reading.current = undefined;
  if (step.value.length === 0) return;
  if (reading.documents.at(-1) !== document) reading.documents.push(document);
  reading.pending.push(...step.value);
}

/** Moves pending windows into the plan until `budget` tokens are taken; the last one is cut to fit. */
function takeWindows(reading: Reading, budget: number): void {
  const document = reading.documents.at(-1);
  while (document && budget > 1) {
    const window = reading.pending.shift();
    if (!window) return;
    const tokens = window.tokens.subarray(0, budget);
    document.windows.push({ start: window.start, tokens });
    reading.tokens += tokens.length;
    budget -= tokens.length;
  }
}

/** Shuffles the documents, numbers them and draws the held-out works. */
function arrange(readings: Reading[], options: PlanOptions, counts: { repeats: number; replaced: number }): TextPlan {
  const documents = createRandom(options.seed).shuffle(
    readings.flatMap((reading) => reading.documents.filter((document) => document.windows.length > 0)),
  );
  const heldOut = drawHeldOut(documents, options.seed, options.heldOutShare);
  const contexts = documents.flatMap((document, number) =>
    document.windows.map((window): PlannedContext => ({
      document: number,
      start: window.start,
      tokens: window.tokens,
      heldOut: heldOut.has(document.work),
    })),
  );
  const text = readings.map(({ source, tokens, documents: own }) => ({
    source: source.name,
    weight: source.weight,
    documents: own.length,
    tokens,
    ...(source.licence === undefined ? {} : { licence: source.licence }),
  }));
  return { contexts, tokens: readings.reduce((sum, reading) => sum + reading.tokens, 0), documents: documents.length, text, ...counts };
}

/** Whole works in an order given by the seed, until `share` of the tokens is reached without passing twice that. */
function drawHeldOut(documents: readonly PlannedDocument[], seed: number, share: number): Set<string> {
  const sizes = new Map<string, number>();
  for (const { work, windows } of documents)
    sizes.set(work, (sizes.get(work) ?? 0) + windows.reduce((sum, window) => sum + window.tokens.length, 0));
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const rank = (work: string): string => createHash("sha256").update(`${seed}\n${work}`).digest("hex");
  const order = [...sizes].map(([work, size]) => ({ work, size, rank: rank(work) })).sort((a, b) => (a.rank < b.rank ? -1 : 1));
  const chosen = new Set<string>();
  let held = 0;
  for (const { work, size } of order) {
    if (held >= share * total || held + size > 2 * share * total) continue;
    chosen.add(work);
    held += size;
  }
  // With a few large works none fits: the smallest is held out then, unless it is the only one.
  const smallest = order.toSorted((a, b) => a.size - b.size)[0];
  if (share > 0 && chosen.size === 0 && order.length > 1 && smallest) chosen.add(smallest.work);
  return chosen;
}

function checkOptions({ sources, tokens, context, heldOutShare }: PlanOptions): void {
  const wrong = (field: string, message: string): LexiscopeError => new LexiscopeError("invalid_input", message, { field });
  if (sources.length === 0) throw wrong("text", "no text was named");
  if (!Number.isSafeInteger(tokens) || tokens < 2) throw wrong("tokens", `${tokens} is not a number of tokens`);
  if (!Number.isInteger(context) || context < 2 || context > 65_536)
    throw wrong("context", `a context of ${context} tokens cannot be: choose 2 to 65536`);
  if (!(heldOutShare >= 0 && heldOutShare <= 0.5)) throw wrong("heldOutShare", `${heldOutShare} is not a share from 0 to 0.5`);
  for (const { name, weight } of sources)
    if (!(weight > 0 && Number.isFinite(weight))) throw wrong("text", `${name}: the weight ${weight} is not a positive number`);
}
