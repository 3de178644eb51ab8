import { type ErrorCode, errorCodes, isLexiscopeError, LexiscopeError, messageOf } from "@lexiscope/core";
import type { WireError } from "./types.ts";

/** An error as it crosses to another process. */
export function toWire(error: unknown): WireError {
  if (!isLexiscopeError(error)) return { code: "internal", message: messageOf(error) };
  const { code, message, field, file, hint } = error;
  return {
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(file === undefined ? {} : { file }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The error that came from another process. */
export function fromWire({ code, message, ...fields }: WireError): LexiscopeError {
  return new LexiscopeError(code in errorCodes ? (code as ErrorCode) : "internal", message, fields);
}
