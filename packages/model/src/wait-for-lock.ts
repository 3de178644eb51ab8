import { LexiscopeError, lockFolder, throwIfAborted } from "@lexiscope/core";

/** Locks a folder as soon as nobody else holds it; `onWait` is told what is waited for. */
export async function waitForLock(
  folder: string,
  { purpose, signal, onWait }: { purpose: string; signal: AbortSignal | undefined; onWait: (message: string) => void },
): Promise<() => Promise<void>> {
  for (;;) {
    try {
      return await lockFolder(folder, purpose);
    } catch (error) {
      if (!(error instanceof LexiscopeError) || error.code !== "busy") throw error;
      throwIfAborted(signal);
      onWait(`waiting: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
