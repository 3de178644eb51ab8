import fc from "fast-check";
import { emptyTally, judge, type Tally } from "./judge.ts";
import { registry } from "./registry.ts";

/** Cases that share a seed: what must be run again to find one that hung. */
const batch = 100;
/** Lines of progress are this far apart. */
const progressMs = 15_000;

export interface FuzzOptions {
  cases: number;
  seed: number;
  /** Stops after so long, however many cases are left. */
  seconds?: number;
  onProgress?: (line: string) => void;
  /** Of a guided run: writes what it found into the corpus. */
  keep?: boolean;
}

/** Structure-aware cases from fast-check. A fault is thrown, shrunk, with the seed and path that make it again. */
export async function fuzzByStructure(name: string, { cases, seed, seconds = Infinity, onProgress }: FuzzOptions): Promise<Tally> {
  const open = registry[name];
  if (!open) throw new Error(`there is no target ${name}`);
  const target = await open();
  const tally = emptyTally();
  const started = performance.now();
  let shown = started;
  try {
    const property = fc.asyncProperty(target.arbitrary, async (input) => {
      await judge(target, input, tally);
    });
    for (let done = 0; done < cases && performance.now() - started < 1000 * seconds; done += batch) {
      if (performance.now() - shown > progressMs) {
        onProgress?.(summary(name, tally, started, `seed ${seed + done / batch}`));
        shown = performance.now();
      }
      const details = await fc.check(property, {
        numRuns: Math.min(batch, cases - done),
        seed: seed + done / batch,
        endOnFailure: false,
      });
      if (details.failed)
        throw new Error(`${name}, seed ${details.seed}, path ${details.counterexamplePath ?? ""}\n${show(details)}`, {
          cause: details.errorInstance,
        });
    }
  } finally {
    await target.close?.();
  }
  onProgress?.(summary(name, tally, started, "done"));
  return tally;
}

export function summary(name: string, tally: Tally, started: number, state: string): string {
  const seconds = (performance.now() - started) / 1000;
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  return `${name}: ${tally.cases} cases, ${Math.round(tally.cases / seconds)} a second, ${((100 * tally.refused) / Math.max(1, tally.cases)).toFixed(0)} % refused; most: ${tally.cpuMs.toFixed(0)} ms, ${mib(tally.buffers)} MiB of buffers, ${mib(tally.heap)} MiB of objects (${state})`;
}

function show(details: fc.RunDetails<[Uint8Array]>): string {
  const [input] = details.counterexample ?? [];
  if (!input) return "interrupted";
  const text = new TextDecoder().decode(input);
  return `${input.byteLength} bytes: ${JSON.stringify(text.slice(0, 600))}\nbase64 ${Buffer.from(input.subarray(0, 3000)).toString("base64")}\n${String((details.errorInstance as Error | undefined)?.stack)}`;
}
