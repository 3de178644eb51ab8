import { type Colors, createColors, wantsColors } from "./colors.ts";
import { type Output, createOutput } from "./output.ts";
import { reportError } from "./report-error.ts";

/** Options that every command has. */
export interface CommonOptions {
  json?: boolean | undefined;
  offline?: boolean | undefined;
}

/** What a running command works with. */
export interface CommandContext {
  /** Fires on the first Ctrl-C. */
  signal: AbortSignal;
  json: boolean;
  offline: boolean;
  out: Output;
  /** Colours for stdout; they do nothing when it is no terminal. */
  colors: Colors;
  /** A person sits at both ends: questions may be asked. */
  interactive: boolean;
  /** What Ctrl-C prints: how to go on. */
  onStop(hint: string): void;
}

/**
 * Runs a command's body. Errors become a message, a hint and an exit code; the first Ctrl-C fires the signal, the
 * second ends the process.
 */
export async function runCommand(options: CommonOptions, body: (context: CommandContext) => Promise<void>): Promise<void> {
  const json = options.json === true;
  const out = createOutput({ json });
  const controller = new AbortController();
  let hint = "nothing was lost; run the same command again";
  const release = onInterrupt(() => {
    out.settle();
    if (!json) process.stderr.write("\nStopping … (Ctrl-C again to leave at once)\n");
    controller.abort();
  });
  try {
    await body({
      signal: controller.signal,
      json,
      offline: options.offline === true || process.env["LEXISCOPE_OFFLINE"] === "1",
      out,
      colors: createColors(!json && wantsColors(process.stdout)),
      interactive: !json && Boolean(process.stdin.isTTY) && Boolean(process.stdout.isTTY),
      onStop: (text) => {
        hint = text;
      },
    });
  } catch (error) {
    out.settle();
    process.exitCode = reportError(error, { json, stopped: controller.signal.aborted, stopHint: hint });
  } finally {
    release();
  }
}

/** A launcher passes on a Ctrl-C that the terminal has sent us too: what comes this soon is the same one. */
const sameInterruptMs = 500;

function onInterrupt(first: () => void): () => void {
  let at: number | undefined;
  const handle = (): void => {
    const now = performance.now();
    if (at === undefined) {
      at = now;
      first();
    } else if (now - at > sameInterruptMs) {
      process.exit(130);
    }
  };
  process.on("SIGINT", handle);
  process.on("SIGTERM", handle);
  return () => {
    process.off("SIGINT", handle);
    process.off("SIGTERM", handle);
  };
}
