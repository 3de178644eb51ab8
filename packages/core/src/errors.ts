/** Every error that a caller can meet has one of these codes; exit codes and HTTP statuses follow from them. */
export const errorCodes = {
  /** The caller's input is wrong: option, width, text, reference. */
  invalid_input: 2,
  /** A file is truncated, hostile, or of the wrong shape. */
  bad_file: 3,
  /** The thing named does not exist. */
  not_found: 4,
  /** An architecture, tensor type or format that is recognised but not supported. */
  unsupported: 5,
  /** A dictionary, store or atlas made for another model or site. */
  mismatch: 6,
  /** Not enough disk, memory, or a missing tool. */
  environment: 7,
  /** Another process holds the lock. */
  busy: 8,
  /** Stopped by the user. */
  aborted: 130,
  /** A fault of ours. */
  internal: 70,
} as const;

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorFields {
  /** File at fault. */
  file?: string;
  /** Field, tensor or option at fault. */
  field?: string;
  /** What to do next, one sentence. */
  hint?: string;
  cause?: unknown;
}

/** A message is for a person: one that quotes a stranger's file may not carry all of it. */
const maxMessageCharacters = 2000;

/** An error with a stable `code`, the file and field at fault, and a hint that says what to do. */
export class LexiscopeError extends Error {
  override readonly name = "LexiscopeError";
  readonly code: ErrorCode;
  readonly file: string | undefined;
  readonly field: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, fields: ErrorFields = {}) {
    super(clip(message, maxMessageCharacters), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = code;
    this.file = fields.file;
    this.field = fields.field && clip(fields.field, maxMessageCharacters);
    this.hint = fields.hint;
  }

  get exitCode(): number {
    return errorCodes[this.code];
  }

  toJSON(): Record<string, unknown> {
    return { code: this.code, message: this.message, file: this.file, field: this.field, hint: this.hint };
  }
}

function clip(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).toWellFormed()}…`;
}

export function isLexiscopeError(error: unknown): error is LexiscopeError {
  return error instanceof LexiscopeError;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Throws the `aborted` error when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new LexiscopeError("aborted", "stopped");
}
