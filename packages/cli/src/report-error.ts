import { LexiscopeError, errorCodes, isLexiscopeError, messageOf } from "@lexiscope/core";
import { createColors, wantsColors } from "./colors.ts";

export interface ReportOptions {
  json: boolean;
  /** The user pressed Ctrl-C: whatever was thrown comes from that. */
  stopped?: boolean;
  stopHint?: string;
}

/** Prints an error for a person (stderr) or a program (a JSON line on stdout). Returns the exit code. */
export function reportError(error: unknown, { json, stopped = false, stopHint }: ReportOptions): number {
  const known = asKnown(error, stopped, stopHint);
  if (json) {
    process.stdout.write(`${JSON.stringify({ type: "error", ...known.toJSON() })}\n`);
    return known.exitCode;
  }
  const colors = createColors(wantsColors(process.stderr));
  const head = known.code === "aborted" ? colors.yellow("stopped") : `${colors.red("error:")} ${known.message}`;
  const lines = [head];
  if (known.file && !known.message.includes(known.file)) lines.push(`  in ${known.file}`);
  if (known.hint) lines.push(`  ${known.hint}`);
  if (process.env["LEXISCOPE_DEBUG"] && error instanceof Error && error.stack) lines.push(colors.dim(error.stack));
  process.stderr.write(`${lines.join("\n")}\n`);
  return known.exitCode;
}

function asKnown(error: unknown, stopped: boolean, stopHint: string | undefined): LexiscopeError {
  const aborted = (isLexiscopeError(error) && error.code === "aborted") || (error instanceof Error && error.name === "AbortError");
  if (aborted || stopped) {
    const hint = (isLexiscopeError(error) && aborted && error.hint) || stopHint;
    return new LexiscopeError("aborted", "stopped", hint ? { hint } : {});
  }
  if (isLexiscopeError(error)) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") {
    const path = (error as NodeJS.ErrnoException).path;
    return new LexiscopeError("not_found", messageOf(error), { ...(path ? { file: path } : {}), cause: error });
  }
  return new LexiscopeError("internal", messageOf(error), {
    cause: error,
    hint: `this is a fault of Lexiscope (exit code ${errorCodes.internal}); LEXISCOPE_DEBUG=1 shows where it happened`,
  });
}
