import { OpenAPIHono, type RouteConfig, createRoute, z } from "@hono/zod-openapi";
import { featureIndexSchema, openaiErrorSchema, problemSchema, shelfNameSchema } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type { MiddlewareHandler } from "hono";
import type { ZodError, ZodType } from "zod";
import { RefusedError } from "./problem.ts";

export type App = OpenAPIHono;

const problemResponse = {
  description: "What went wrong, and what to do about it",
  content: { "application/json": { schema: problemSchema } },
};
const openaiProblemResponse = { description: "What went wrong", content: { "application/json": { schema: openaiErrorSchema } } };

/** `createRoute` with the answer that every route may give when something is wrong: a problem, under /v1 OpenAI's error. */
export function defineRoute<P extends string, R extends Omit<RouteConfig, "path"> & { path: P }>(
  route: R,
): ReturnType<typeof createRoute<P, R>> {
  const failure = route.path.startsWith("/v1/") ? openaiProblemResponse : problemResponse;
  const operationId = operationIdOf(route.method, route.path);
  const middleware = route.request?.body === undefined ? {} : { middleware: needsJson };
  return createRoute<P, R>({ operationId, ...middleware, ...route, responses: { ...route.responses, default: failure } });
}

/** Without it a body of another type, or none, would be read as an empty object. */
const needsJson: MiddlewareHandler = async (c, next) => {
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(c.req.header("content-type") ?? ""))
    throw new RefusedError(415, "invalid_input", "the request has no JSON body", "send one, with content-type: application/json");
  return next();
};

/** What generated clients call it: `GET /api/atlases/{atlas}/features` → `getAtlasFeatures`. */
function operationIdOf(method: string, path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== "api");
  const words = parts.flatMap((part, i) => {
    if (part.startsWith("{")) return [];
    return parts[i + 1]?.startsWith("{") ? [part.replace(/(?<=s)es$|s$/, "")] : [part];
  });
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

/** A JSON body that must be there. */
export function jsonBody<T extends ZodType>(schema: T): { required: true; content: { "application/json": { schema: T } } } {
  return { required: true, content: { "application/json": { schema } } };
}

/** A JSON answer. */
export function jsonResponse<T extends ZodType>(
  schema: T,
  description: string,
): { description: string; content: { "application/json": { schema: T } } } {
  return { description, content: { "application/json": { schema } } };
}

/** Server-sent events, each with the JSON of the component `name` as its data (the last one of OpenAI's is `[DONE]`). */
export function eventResponse(
  name: string,
  description: string,
): { description: string; content: { "text/event-stream": { schema: ZodType } } } {
  const data = z.string().meta({ description: `JSON: #/components/schemas/${name}` });
  const event = z.object({ data, id: z.string().optional(), event: z.string().optional() });
  return { description, content: { "text/event-stream": { schema: event } } };
}

/** What the client has is still right. */
export const notModified = { description: "Not changed since the version that If-None-Match names" };

/** `/api/atlases/{atlas}` */
export const atlasParams = z.object({ atlas: shelfNameSchema });
/** `/api/atlases/{atlas}/features/{feature}` */
export const featureParams = atlasParams.extend({ feature: featureIndexSchema });

/** An app whose validation says which field of the request is at fault. */
export function createRouter(): App {
  return new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.target, result.error);
    },
  });
}

const places: Record<string, string> = { json: "body", query: "query", param: "path", header: "header", cookie: "cookie", form: "form" };

/** Keys of a body stand in what is said of them: a long one, or millions, need not be sent back. */
export function clipped(text: string): string {
  const most = 500;
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;
}

function invalidRequest(target: string, error: ZodError): LexiscopeError {
  const [issue] = error.issues;
  const place = places[target] ?? target;
  const path = clipped(issue?.path.map(String).join(".") ?? "");
  const message = clipped(issue?.message ?? "not valid");
  return new LexiscopeError("invalid_input", `${path === "" ? `the ${place}` : `${path} (${place})`}: ${message}`, {
    field: path === "" ? place : path,
    hint: "GET /openapi.json says what this address takes",
  });
}
