import { LexiscopeError, errorCodes, messageOf, type ErrorCode } from "@lexiscope/core";
import type { NativeTask } from "./addon-types.ts";
import { loadAddon } from "./load.ts";

/**
 * Runs native work that stops when `signal` fires. The addon's errors (`code: message`) come out as
 * {@link LexiscopeError}.
 */
export async function withTask<T>(signal: AbortSignal | undefined, work: (task: NativeTask) => Promise<T>): Promise<T> {
  const task = new (loadAddon().Task)();
  const stop = (): void => task.cancel();
  if (signal?.aborted) throw new LexiscopeError("aborted", "stopped");
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await work(task);
  } catch (error) {
    throw asLexiscopeError(error);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** Reads the code that the addon puts before its messages. */
export function asLexiscopeError(error: unknown): LexiscopeError {
  if (error instanceof LexiscopeError) return error;
  const message = messageOf(error);
  if (message.startsWith("cancelled")) return new LexiscopeError("aborted", "stopped", { cause: error });
  const colon = message.indexOf(": ");
  const code = colon > 0 ? message.slice(0, colon) : "";
  if (code in errorCodes) return new LexiscopeError(code as ErrorCode, message.slice(colon + 2), { cause: error });
  return new LexiscopeError("internal", message, { cause: error });
}
