import { getHeapStatistics } from "node:v8";
import { isLexiscopeError } from "@lexiscope/core";
import { defaultLimits, maxMessage, type FuzzTarget, type Limits } from "./target.ts";

export type Verdict = "read" | "refused";

export interface Tally {
  cases: number;
  refused: number;
  /** Most of any case: ms of processor time, buffers and heap in bytes a byte of input. */
  cpuMs: number;
  buffers: number;
  heap: number;
}

export const emptyTally = (): Tally => ({ cases: 0, refused: 0, cpuMs: 0, buffers: 0, heap: 0 });

/** Reads one input; throws where the reader breaks its promise: an error that is not ours, or too much time or memory. */
export async function judge(target: FuzzTarget, input: Uint8Array, tally: Tally): Promise<Verdict> {
  const limits: Limits = { ...defaultLimits, ...target.limits };
  const before = getHeapStatistics();
  const cpu = process.cpuUsage();
  let verdict: Verdict = "read";
  try {
    await target.read(input);
  } catch (error) {
    if (!isLexiscopeError(error) || error.code === "internal") throw error;
    if (error.message.length > maxMessage)
      throw new Error(`a message of ${error.message.length} characters: ${error.message.slice(0, 200)}`, { cause: error });
    verdict = "refused";
  }
  const used = process.cpuUsage(cpu);
  const cpuMs = (used.user + used.system) / 1000;
  const after = getHeapStatistics();
  const buffers = after.external_memory - before.external_memory;
  const heap = after.used_heap_size - before.used_heap_size;
  if (cpuMs > limits.cpuMs) throw new Error(`${cpuMs.toFixed(0)} ms of processor time for ${input.byteLength} bytes`);
  if (buffers > limits.buffers + 2 * input.byteLength) throw new Error(`${buffers} bytes of buffers for ${input.byteLength} bytes`);
  if (heap > limits.heap + limits.heapPerByte * input.byteLength) throw new Error(`${heap} bytes of objects for ${input.byteLength} bytes`);
  tally.cases++;
  tally.refused += Number(verdict === "refused");
  tally.cpuMs = Math.max(tally.cpuMs, cpuMs);
  tally.buffers = Math.max(tally.buffers, buffers);
  tally.heap = Math.max(tally.heap, heap);
  return verdict;
}
