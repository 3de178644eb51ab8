import { Session } from "node:inspector/promises";
import { createRandom } from "@lexiscope/core";
import { emptyTally, judge, type Tally } from "./judge.ts";
import { keepCorpus, readCorpus } from "./corpus.ts";
import { mutateOnce } from "./mutate-bytes.ts";
import { registry } from "./registry.ts";
import { summary, type FuzzOptions } from "./by-structure.ts";

/** Inputs that reached something new; the oldest leave when there are more. */
const maxPool = 2000;
const progressMs = 15_000;

/**
 * Coverage-guided cases: an input that makes V8 count a block of our own sources that none before it reached stays in the
 * pool, and new inputs are made from the pool by changing bytes.
 */
export async function fuzzByCoverage(name: string, { cases, seed, seconds = Infinity, onProgress, keep }: FuzzOptions): Promise<Tally> {
  const open = registry[name];
  if (!open) throw new Error(`there is no target ${name}`);
  const target = await open();
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const random = createRandom(seed);
  const number = (): number => Math.floor(random.next() * 2 ** 32);
  const pool: Uint8Array[] = [...target.seeds, ...readCorpus(name)].map((bytes) => new Uint8Array(bytes));
  const seen = new Set<string>();
  const reachedNew = async (): Promise<boolean> => {
    const { result } = await session.post("Profiler.takePreciseCoverage");
    const before = seen.size;
    for (const { url, functions } of result) {
      if (!/\/packages\/|jinja|tokenizers/.test(url)) continue;
      for (const { ranges } of functions)
        for (const { startOffset, endOffset, count } of ranges)
          if (count > 0) seen.add(`${url}:${startOffset}:${endOffset}:${Math.min(4, Math.ceil(Math.log2(count + 1)))}`);
    }
    return seen.size > before;
  };
  const tally = emptyTally();
  const started = performance.now();
  let shown = started;
  try {
    for (const input of pool) await judge(target, input, tally);
    await reachedNew();
    while (tally.cases < cases && performance.now() - started < 1000 * seconds) {
      let input: Uint8Array = pool[number() % pool.length] ?? new Uint8Array();
      for (let n = 1 + (number() % 4); n > 0; n--) input = mutateOnce(input, pool[number() % pool.length] ?? input, number);
      try {
        await judge(target, input, tally);
      } catch (cause) {
        throw new Error(`${name}, guided, ${input.byteLength} bytes: ${Buffer.from(input).toString("base64")}`, { cause });
      }
      if (await reachedNew()) {
        if (pool.length >= maxPool) pool.splice(target.seeds.length, 1);
        pool.push(input);
      }
      if (performance.now() - shown > progressMs) {
        onProgress?.(summary(name, tally, started, `${seen.size} blocks, pool ${pool.length}`));
        shown = performance.now();
      }
    }
    if (keep === true) {
      // Smallest first, and of those only what reaches a block that none before it did.
      seen.clear();
      const kept: Uint8Array[] = [];
      for (const input of [...target.seeds, ...pool.slice(target.seeds.length).toSorted((a, b) => a.length - b.length)]) {
        await judge(target, input, tally);
        if ((await reachedNew()) && !target.seeds.includes(input)) kept.push(input);
      }
      keepCorpus(name, kept);
    }
  } finally {
    session.disconnect();
    await target.close?.();
  }
  onProgress?.(summary(`${name} (guided)`, tally, started, `done, ${seen.size} blocks, pool ${pool.length}`));
  return tally;
}
