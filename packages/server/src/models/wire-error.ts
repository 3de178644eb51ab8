import { inspect } from "node:util";
import { type ErrorCode, errorCodes, isLexiscopeError, LexiscopeError } from "@lexiscope/core";
import { internalFault } from "../internal-fault.ts";
import type { ProcessError, WireError } from "./types.ts";

/** Kept of an unexpected error, for the log. */
const maxDetail = 8192;

/** An error as the outside may see it: of one that is none of ours only that there was one. */
export function toWire(error: unknown): WireError {
  if (error instanceof Error && error.name === "AbortError") return { code: "aborted", message: "stopped" };
  if (!isLexiscopeError(error)) return { ...internalFault };
  const { code, message, field, file, hint } = error;
  return {
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(file === undefined ? {} : { file }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** An error as it crosses to another process, with what the log should say of an unexpected one. */
export function toProcess(error: unknown): ProcessError {
  const said = toWire(error);
  return said.code === "internal" ? { ...said, detail: inspect(error).slice(0, maxDetail) } : said;
}

/** The error that came from another process. */
export function fromWire({ code, message, detail, ...fields }: ProcessError): LexiscopeError {
  const known = code in errorCodes ? (code as ErrorCode) : "internal";
  return new LexiscopeError(known, message, { ...fields, ...(detail === undefined ? {} : { cause: new Error(detail) }) });
}
