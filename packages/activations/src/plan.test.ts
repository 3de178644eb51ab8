import { beforeAll, expect, test } from "vitest";
import { finish } from "@lexiscope/core";
import { createTokenizer, planFolder, type Tokenizer } from "@lexiscope/model";
import { planText, type PlanOptions, type TextPlan } from "./plan.ts";
import { temporaryFolder, tinyTexts, writeTinyModel } from "./testing/index.ts";
import type { Document, TextSource } from "./types.ts";

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = createTokenizer((await planFolder(await writeTinyModel(await temporaryFolder()), "tiny")).tokenizer);
});

function source(name: string, documents: (string | Document)[], weight = 1): TextSource {
  return {
    name,
    weight,
    licence: undefined,
    async *documents() {
      for (const document of documents) yield typeof document === "string" ? { text: document, source: name } : document;
    },
  };
}

const plan = (sources: TextSource[], options: Partial<PlanOptions> = {}): Promise<TextPlan> =>
  finish(planText({ sources, tokenizer, tokens: 4000, context: 64, seed: 3, heldOutShare: 0.1, ...options }));

test("the budget is met by weight, windows do not overlap and never span documents", async () => {
  const { contexts, tokens, text } = await plan([source("a", tinyTexts(40, 1), 3), source("b", tinyTexts(40, 2), 1)]);
  // A budget may end one token short, since no window has less than two.
  expect([3999, 4000]).toContain(tokens);
  expect(Math.abs((text[0]?.tokens ?? 0) - 3000)).toBeLessThanOrEqual(1);
  for (const [i, context] of contexts.entries()) {
    expect(context.tokens.length).toBeLessThanOrEqual(64);
    const before = contexts[i - 1];
    if (before?.document === context.document) expect(context.start).toBe(before.start + 64);
    else expect(context.start).toBe(0);
  }
});

test("the same text gives the same plan; another seed draws others", async () => {
  const make = (seed: number): Promise<TextPlan> => plan([source("a", tinyTexts(60))], { seed });
  expect(await make(3)).toEqual(await make(3));
  const held = (p: TextPlan): string =>
    p.contexts
      .filter((c) => c.heldOut)
      .map((c) => tokenizer.decode([...c.tokens]))
      .toSorted()
      .join("|");
  expect(held(await make(3))).not.toBe(held(await make(4)));
});

test("a source that ends leaves its share to the others", async () => {
  const { tokens, text } = await plan(
    [
      source("short", ["ninety characters are not much, but they are all that this source has to give here today."]),
      source("long", tinyTexts(60)),
    ],
    { tokens: 2000 },
  );
  expect(tokens).toBe(2000);
  expect(text[0]?.tokens).toBe(89);
});

test.for([0, 1])("a source that ends leaves its share to one long document, named at %i", async (at) => {
  const book = tinyTexts(2000).join("\n"); // about 600 kB: many pieces
  const short = tinyTexts(10, 2).join("\n").slice(0, 3008); // whole windows
  const sources = [source("short", [short])];
  sources.splice(at, 0, source("book", [book]));
  const { contexts, tokens, text } = await plan(sources, { tokens: 400_000 });
  expect(tokens).toBe(400_000);
  expect(text.find((one) => one.source === "short")?.tokens).toBe(short.length);
  const long = contexts.filter(({ document }) => document === contexts.findLast(({ start }) => start > short.length)?.document);
  expect(long.map(({ tokens: ids }) => ids.length).reduce((sum, n) => sum + n, 0)).toBe(400_000 - short.length);
  for (const { start, tokens: ids } of long) expect(tokenizer.decode([...ids])).toBe(book.slice(start, start + ids.length));
});

test("a long document is read to its end, whatever the rounds", async () => {
  const book = tinyTexts(1000).join("\n");
  const { contexts, tokens, documents } = await plan([source("a", [book])], { tokens: 1e7 });
  expect(documents).toBe(1);
  expect(book.length - tokens).toBeLessThan(16);
  expect(contexts.map((context) => tokenizer.decode([...context.tokens])).join("")).toBe(book.slice(0, tokens));
});

test("works are held out whole, near the share", async () => {
  const documents = tinyTexts(60).map((text, i): Document => ({ text, source: "a", work: `work ${i % 12}` }));
  const { contexts, tokens } = await plan([source("a", documents)], { tokens: 1e6 });
  const held = contexts.filter((context) => context.heldOut);
  const share = held.reduce((sum, context) => sum + context.tokens.length, 0) / tokens;
  expect(share).toBeGreaterThan(0.05);
  expect(share).toBeLessThan(0.2);
  const works = (list: TextPlan["contexts"]): Set<string | undefined> =>
    new Set(
      list
        .map((context) => documents.find(({ text }) => text.startsWith(tokenizer.decode([...context.tokens]).slice(0, 60)))?.work)
        .filter((work) => work !== undefined),
    );
  for (const work of works(held.filter(({ start }) => start === 0)))
    expect(works(contexts.filter((context) => !context.heldOut && context.start === 0)).has(work)).toBe(false);
});

test("with two documents one is held out, with one none", async () => {
  const [one = "", two = ""] = tinyTexts(2);
  expect((await plan([source("a", [one, two])])).contexts.some((context) => context.heldOut)).toBe(true);
  expect((await plan([source("a", [one])])).contexts.some((context) => context.heldOut)).toBe(false);
});

test("repeats are left out, lone surrogates counted, special tokens literal unless rendered", async () => {
  const { repeats, replaced, contexts } = await plan([
    source("a", [
      "Call me Ishmael, please.",
      "call me  ishmael please",
      "half \ud800 a pair",
      "<|im_end|> x",
      { text: "<|im_end|> y", source: "a", rendered: true },
    ]),
  ]);
  expect({ repeats, replaced }).toEqual({ repeats: 1, replaced: 1 });
  const specials = contexts.filter(({ tokens }) => tokens.some((id) => tokenizer.specialIds.has(id)));
  expect(specials).toHaveLength(1);
});

test("empty text and one token are refused with what to do; two tokens are enough", async () => {
  for (const documents of [[], [""], ["a"]])
    await expect(plan([source("a", documents)])).rejects.toMatchObject({ code: "invalid_input", field: "text" });
  expect((await plan([source("a", ["ab"])])).tokens).toBe(2);
});

test("a long document is read in pieces and only as far as the budget reaches", async () => {
  const text = tinyTexts(2000).join("\n"); // about 600 kB
  const { contexts } = await plan([source("a", [text])], { tokens: 100_000 });
  expect(contexts.map((context) => tokenizer.decode([...context.tokens])).join("")).toBe(text.slice(0, 100_000));
});

test("numbers that cannot be are refused by name", async () => {
  await expect(plan([], {})).rejects.toMatchObject({ field: "text" });
  const some = [source("a", ["abc"])];
  await expect(plan(some, { tokens: 0 })).rejects.toMatchObject({ field: "tokens" });
  await expect(plan(some, { context: 1 })).rejects.toMatchObject({ field: "context" });
  await expect(plan(some, { heldOutShare: 0.9 })).rejects.toMatchObject({ field: "heldOutShare" });
  await expect(plan([source("a", ["abc"], 0)])).rejects.toMatchObject({ field: "text" });
});

test("a stop in the middle of a long document is heard", async () => {
  const stop = new AbortController();
  const book = tinyTexts(1000).join("\n").repeat(20); // about 6 MB
  const running = plan([source("a", [book])], { tokens: 1e8, signal: stop.signal });
  let at = 0;
  setTimeout(() => {
    at = performance.now();
    stop.abort();
  }, 100);
  await expect(running).rejects.toMatchObject({ code: "aborted" });
  expect(performance.now() - at).toBeLessThan(200);
});

test("an aborted plan stops", async () => {
  await expect(plan([source("a", tinyTexts(50))], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
});
