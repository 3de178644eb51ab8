import type { Problem } from "@lexiscope/contract";
import { type ErrorCode, LexiscopeError, isLexiscopeError } from "@lexiscope/core";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";
import { internalFault } from "./internal-fault.ts";

/** A client that went away, as nginx writes it in its log; nobody reads the answer. */
const clientClosedRequest = 499 as ContentfulStatusCode;

const statuses: Record<ErrorCode, ContentfulStatusCode> = {
  invalid_input: 400,
  mismatch: 400,
  unsupported: 400,
  not_found: 404,
  busy: 409,
  bad_file: 500,
  internal: 500,
  environment: 503,
  aborted: clientClosedRequest,
};

/** A refusal that is no error of Lexiscope's own: foreign origin, missing token, body too large. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(status: ContentfulStatusCode, code: string, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

export interface Failure {
  status: ContentfulStatusCode;
  error: Problem["error"];
}

/** Anything thrown, as the outside sees it. What is no error of ours says nothing of the machine's inside. */
export function toFailure(error: unknown): Failure {
  if (error instanceof RefusedError)
    return { status: error.status, error: withoutEmpty({ code: error.code, message: error.message, hint: error.hint }) };
  if (isLexiscopeError(error)) {
    const { code, message, field, file, hint } = error;
    return { status: statuses[code], error: withoutEmpty({ code, message, field, file, hint }) };
  }
  if (error instanceof HTTPException) return toFailure(fromHono(error));
  if (error instanceof Error && error.name === "AbortError") return toFailure(new LexiscopeError("aborted", "stopped"));
  return {
    status: 500,
    error: internalFault,
  };
}

/** What is refused before a route sees it. */
function fromHono({ status, message }: HTTPException): RefusedError {
  if (status === 415)
    return new RefusedError(
      415,
      "invalid_input",
      "the body's content-type is not what this address takes",
      "send content-type: application/json",
    );
  if (status === 400) return new RefusedError(400, "invalid_input", message, "the body must be valid JSON");
  return new RefusedError(status, status < 500 ? "invalid_input" : "internal", message);
}

function withoutEmpty(error: { [K in keyof Problem["error"]]: Problem["error"][K] | undefined }): Problem["error"] {
  return Object.fromEntries(Object.entries(error).filter(([, value]) => value !== undefined)) as Problem["error"];
}

/** The answer to a request that failed; under /v1 in OpenAI's shape. */
export function failureResponse(c: Context, error: unknown, logger: Logger): Response {
  const failure = toFailure(error);
  if (failure.status >= 500) logger.error({ err: error, path: c.req.path }, "request failed");
  if (!c.req.path.startsWith("/v1/")) return c.json({ error: failure.error }, failure.status);
  return c.json(openaiError(failure), failure.status);
}

export function openaiError({ status, error }: Failure): {
  error: { message: string; type: string; param: string | null; code: string | null };
} {
  const type = status === 401 ? "authentication_error" : status >= 500 ? "server_error" : "invalid_request_error";
  const message = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
  return { error: { message, type, param: error.field ?? null, code: error.code } };
}
