import { setTimeout as pause } from "node:timers/promises";
import { isLexiscopeError } from "./errors.ts";

/** Pauses before the next try, ms; the last one is repeated. Most writers are done within a few ms. */
const pauses = [5, 10, 20, 40, 80, 160] as const;

/** Whether another process holds `file` at the moment. */
export function isHeld(error: unknown, file: string): boolean {
  return isLexiscopeError(error) && error.code === "busy" && error.file === file;
}

/**
 * Does `work` again for as long as another process holds `file`, at most `patience` ms; then its `busy` error is passed on.
 * Between two tries the event loop is free, which it is not while SQLite itself waits for a lock.
 */
export async function whenFree<T>(file: string, patience: number, work: () => T | Promise<T>): Promise<T> {
  const deadline = performance.now() + patience;
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isHeld(error, file) || performance.now() >= deadline) throw error;
      await pause(pauses[tries] ?? 160);
    }
  }
}
