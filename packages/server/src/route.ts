import { OpenAPIHono, type RouteConfig, createRoute, z } from "@hono/zod-openapi";
import { featureIndexSchema, openaiErrorSchema, problemSchema, shelfNameSchema } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type { ZodError, ZodType } from "zod";

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
  return createRoute<P, R>({ ...route, responses: { ...route.responses, default: failure } });
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
      if (!result.success) throw invalidRequest(result.target, result.error as ZodError);
    },
  });
}

const places: Record<string, string> = { json: "body", query: "query", param: "path", header: "header", cookie: "cookie", form: "form" };

function invalidRequest(target: string, error: ZodError): LexiscopeError {
  const [issue] = error.issues;
  const place = places[target] ?? target;
  const path = issue?.path.map(String).join(".") ?? "";
  return new LexiscopeError("invalid_input", `${path === "" ? `the ${place}` : `${path} (${place})`}: ${issue?.message ?? "not valid"}`, {
    field: path === "" ? place : path,
    hint: "GET /openapi.json says what this address takes",
  });
}
