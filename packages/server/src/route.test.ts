import { pino } from "pino";
import { expect, it } from "vitest";
import { z } from "zod";
import { failureResponse } from "./problem.ts";
import { type App, createRouter, defineRoute, jsonBody, jsonResponse } from "./route.ts";

const route = defineRoute({
  method: "post",
  path: "/api/things/{thing}/parts",
  tags: ["Things"],
  summary: "Take a part",
  request: { params: z.object({ thing: z.string() }), body: jsonBody(z.object({ name: z.string().optional() })) },
  responses: { 200: jsonResponse(z.object({ name: z.string() }), "It") },
});

function app(): App {
  const made = createRouter();
  made.onError((error, c) => failureResponse(c, error, pino({ enabled: false })));
  made.openapi(route, (c) => c.json({ name: c.req.valid("json").name ?? "none" }, 200));
  return made;
}

const post = (headers: Record<string, string>, body: string | null): Promise<Response> =>
  Promise.resolve(app().request("/api/things/1/parts", { method: "POST", headers, body }));

it.each(["application/json", "application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"])(
  "%s is a body",
  async (type) => {
    const answer = await post({ "content-type": type }, '{"name":"x"}');
    expect([answer.status, await answer.json()]).toEqual([200, { name: "x" }]);
  },
);

it.each<[string, Record<string, string>, string | null]>([
  ["no body", {}, null],
  ["no type", {}, '{"name":"x"}'],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }, "name=x"],
  ["text", { "content-type": "text/plain" }, "{}"],
  ["a type that only begins so", { "content-type": "application/jsonx" }, "{}"],
  ["a type in a parameter", { "content-type": "text/plain; a=application/json" }, "{}"],
])("%s is refused instead of read as an empty object", async (_, headers, body) => {
  const answer = await post(headers, body);
  expect([answer.status, await answer.json()]).toEqual([
    415,
    { error: expect.objectContaining({ code: "invalid_input", hint: expect.stringContaining("application/json") as unknown }) as unknown },
  ]);
});

it("is named for generated clients, and may always fail", () => {
  expect(route).toMatchObject({ operationId: "postThingParts" });
  expect(Object.keys(route.responses)).toEqual(["200", "default"]);
});
