import { type ErrorCode, LexiscopeError, errorCodes, isLexiscopeError, messageOf } from "@lexiscope/core";
import { createColors, wantsColors } from "./colors.ts";

/** The way on where an error does not name a better one. */
const usualHints: Partial<Record<ErrorCode, string>> = {
  bad_file: "the file is damaged or is something else: copy, download or make it again",
  not_found: "check the name; `lexiscope list` shows what there is",
  mismatch: "use things that were made for each other; `lexiscope list` shows what each was made for",
};

export interface ReportOptions {
  json: boolean;
  /** The user pressed Ctrl-C: whatever was thrown comes from that. */
  stopped?: boolean;
  stopHint?: string;
}

/** Prints an error for a person (stderr) or a program (a JSON line on stdout). Returns the exit code. */
export function reportError(error: unknown, { json, stopped = false, stopHint }: ReportOptions): number {
  const known = asKnown(error, stopped, stopHint);
  const hint = known.hint ?? usualHints[known.code];
  if (json) {
    process.stdout.write(`${JSON.stringify({ type: "error", ...known.toJSON(), hint })}\n`);
    return known.exitCode;
  }
  const colors = createColors(wantsColors(process.stderr));
  const head = known.code === "aborted" ? colors.yellow(printable(known.message)) : `${colors.red("error:")} ${printable(known.message)}`;
  const lines = [head];
  if (known.file && !known.message.includes(known.file)) lines.push(`  in ${printable(known.file)}`);
  if (hint) lines.push(`  ${printable(hint)}`);
  if (process.env["LEXISCOPE_DEBUG"] && error instanceof Error && error.stack) lines.push(colors.dim(error.stack));
  process.stderr.write(`${lines.join("\n")}\n`);
  return known.exitCode;
}

/** Names out of damaged or hostile files must not move the cursor or colour the terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- those are the characters that are made visible
  return text.replaceAll(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function asKnown(error: unknown, stopped: boolean, stopHint: string | undefined): LexiscopeError {
  const aborted = (isLexiscopeError(error) && error.code === "aborted") || (error instanceof Error && error.name === "AbortError");
  // What else goes wrong after a Ctrl-C (a checkpoint that the disk does not hold, say) is said as what it is.
  if (aborted || (stopped && !isLexiscopeError(error))) {
    const hint = (isLexiscopeError(error) && aborted && error.hint) || stopHint;
    return new LexiscopeError("aborted", isLexiscopeError(error) && aborted ? error.message : "stopped", hint ? { hint } : {});
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
