import { setImmediate as nextTurn } from "node:timers/promises";
import { LexiscopeError, throwIfAborted } from "@lexiscope/core";

/** Does pieces of work of one thread one after the other. */
export type InTurn = <T>(work: () => T, signal: AbortSignal) => Promise<T>;

/** Between two pieces the event loop turns, so that what else the thread does goes on however many wait. */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work, signal) => {
    const mine = last
      .then(() => nextTurn())
      .then(() => {
        throwIfAborted(signal);
        return work();
      });
    last = mine.catch(() => {});
    return unlessAborted(mine, signal);
  };
}

/** A promise that is given up when the signal fires. What it waits for may go on: `late` gets what came of it, to free it. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal, late?: (value: T) => unknown): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = (): void => {
    reject(new LexiscopeError("aborted", "stopped"));
    if (late) promise.then(late).catch(() => {});
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return Promise.race([stopped, promise]).finally(() => signal.removeEventListener("abort", stop));
}
