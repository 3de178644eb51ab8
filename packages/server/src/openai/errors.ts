import { type ErrorCode, isLexiscopeError, LexiscopeError } from "@lexiscope/core";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";
import type { ZodError } from "zod";
import { toFailure } from "../problem.ts";
import { clipped } from "../route.ts";

/** An error as OpenAI's protocol says it. */
export interface OpenaiErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}

/** A refusal with OpenAI's own code, which clients know. */
export class OpenaiError extends Error {
  override readonly name = "OpenaiError";
  readonly status: ContentfulStatusCode;
  readonly code: string;
  readonly param: string | null;

  constructor(status: ContentfulStatusCode, code: string, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

/** Our fields, as the protocol calls them. */
const params: Record<string, string> = {
  edit: "steering.edits",
  positions: "steering.edits",
  vector: "steering.edits",
  site: "steering.edits",
  atlas: "steering.atlas",
  topP: "top_p",
  maxTokens: "max_tokens",
  logitBias: "logit_bias",
  frequencyPenalty: "frequency_penalty",
  presencePenalty: "presence_penalty",
  topLogprobs: "top_logprobs",
};

/** Anything thrown, with the status that OpenAI's clients understand: busy is 503, which they try again. */
export function openaiFailure(error: unknown): { status: ContentfulStatusCode; body: OpenaiErrorBody } {
  if (error instanceof OpenaiError) return { status: error.status, body: bodyOf(error.status, error.message, error.param, error.code) };
  const failure = toFailure(error);
  const { message, hint, field, code } = failure.error;
  const status = code === "busy" ? 503 : failure.status;
  const text = hint === undefined ? message : `${message} (${hint})`;
  const known =
    code === "invalid_input" && (field === "prompt" || field === "messages") && /\bcontext\b/.test(message)
      ? "context_length_exceeded"
      : code;
  return { status, body: bodyOf(status, text, field === undefined ? null : (params[field] ?? field), known) };
}

/** The same for an error that comes when the answer has begun and its status is gone. */
export function streamedFailure(error: {
  code: string;
  message: string;
  hint?: string | undefined;
  field?: string | undefined;
}): OpenaiErrorBody {
  return openaiFailure(
    new LexiscopeError(error.code as ErrorCode, error.message, {
      ...(error.hint ? { hint: error.hint } : {}),
      ...(error.field ? { field: error.field } : {}),
    }),
  ).body;
}

function bodyOf(status: number, message: string, param: string | null, code: string): OpenaiErrorBody {
  const type = status === 401 ? "authentication_error" : status >= 500 ? "server_error" : "invalid_request_error";
  return { error: { message, type, param, code } };
}

export function openaiErrorResponse(c: Context, error: unknown, logger: Logger): Response {
  const { status, body } = openaiFailure(error);
  if (status >= 500) logger.error({ err: error, path: c.req.path }, "request failed");
  return c.json(body, status);
}

/** The model that a request names is not there. */
export function asModelError(error: unknown, model: string): unknown {
  if (!isLexiscopeError(error) || error.code !== "not_found" || error.field !== "model") return error;
  return new OpenaiError(
    404,
    "model_not_found",
    `The model ${JSON.stringify(model)} does not exist: ${error.hint ?? error.message}`,
    "model",
  );
}

/** What is wrong with a body, with the field written as OpenAI does: `messages[0].role`. */
export function invalidBody(error: ZodError): OpenaiError {
  const { path, message, code, missing } = deepest(error.issues, []);
  const param = clipped(
    path.reduce<string>(
      (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`),
      "",
    ),
  );
  if (missing) return new OpenaiError(400, "missing_required_parameter", `Missing required parameter: '${param}'.`, param);
  const kind = code === "invalid_type" ? "invalid_type" : "invalid_value";
  return new OpenaiError(
    400,
    kind,
    `Invalid value for '${param === "" ? "body" : param}': ${clipped(message)}`,
    param === "" ? null : param,
  );
}

interface Issue {
  code: string;
  path: PropertyKey[];
  message: string;
  input?: unknown;
  errors?: Issue[][];
}

interface Fault {
  path: PropertyKey[];
  message: string;
  code: string;
  missing: boolean;
}

/** The first issue; of a union, the one in the branch that fits best: what is wrong lies deepest in it. */
function deepest(issues: readonly Issue[], above: readonly PropertyKey[]): Fault {
  const [issue] = issues;
  if (!issue) return { path: [...above], message: "not valid", code: "custom", missing: false };
  const path = [...above, ...issue.path];
  if (issue.code === "invalid_union" && issue.errors && issue.errors.length > 0) {
    const faults = issue.errors
      .toSorted((a, b) => a.length - b.length)
      .map((branch) => deepest(branch, path))
      .toSorted((a, b) => b.path.length - a.path.length);
    const [best] = faults;
    if (best && best.path.length > path.length) return best;
  }
  return { path, message: issue.message, code: issue.code, missing: /received undefined/.test(issue.message) };
}
