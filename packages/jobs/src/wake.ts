import { type FSWatcher, watch } from "node:fs";

/** Tells when a file may have changed. A watch is a hint only: some file systems have none, so waiting always has an end. */
export interface Waker {
  /** Resolves at the next change, after `ms`, or when the signal fires. */
  next(ms: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

export function createWaker(path: string): Waker {
  let changed = false;
  let wake = (): void => {};
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(path, { persistent: false }, () => {
      changed = true;
      wake();
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // Too many watches, or none on this file system: the polls do.
  }
  return {
    next: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => wake(), ms);
        const done = (): void => wake();
        signal?.addEventListener("abort", done, { once: true });
        wake = () => {
          changed = false;
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          wake = () => {};
          resolve();
        };
        if (changed || signal?.aborted) wake();
      }),
    close: () => watcher?.close(),
  };
}
