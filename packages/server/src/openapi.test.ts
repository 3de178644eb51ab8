import { afterAll, beforeAll, expect, it } from "vitest";
import { makeHome, startTestServer, type TestServer } from "./testing/test-server.ts";

let t: TestServer;
let document: Document;
interface Operation {
  operationId?: string;
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean }[];
  responses: Record<string, unknown>;
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}
beforeAll(async () => {
  t = await startTestServer({ home: await makeHome({ atlas: null }) });
  document = await t.json<Document>("GET", "/openapi.json");
});
afterAll(() => t.close());

/** What routes.md agrees on between server and page. */
const agreed = `
GET /api/status
GET /api/atlases
GET /api/atlases/{atlas}
GET /api/atlases/{atlas}/histogram
GET /api/atlases/{atlas}/features
GET /api/atlases/{atlas}/features/{feature}
GET /api/atlases/{atlas}/features/{feature}/examples/{n}
GET /api/atlases/{atlas}/features/{feature}/export
GET /api/atlases/{atlas}/export
PUT /api/atlases/{atlas}/features/{feature}/label
GET /api/atlases/{atlas}/labels
GET /api/atlases/{atlas}/lists
POST /api/atlases/{atlas}/lists
GET /api/atlases/{atlas}/lists/{list}
PATCH /api/atlases/{atlas}/lists/{list}
DELETE /api/atlases/{atlas}/lists/{list}
POST /api/atlases/{atlas}/lists/{list}/members
GET /api/atlases/{atlas}/overlay
POST /api/atlases/{atlas}/overlay
GET /api/search
GET /api/shelf
GET /api/chats
POST /api/chats
GET /api/chats/{chat}
PATCH /api/chats/{chat}
DELETE /api/chats/{chat}
GET /api/jobs
POST /api/jobs
GET /api/jobs/{job}
DELETE /api/jobs/{job}
GET /api/jobs/{job}/events
POST /api/jobs/{job}/stop
POST /api/jobs/{job}/resume
GET /api/runs/{job}
GET /api/runs/{job}/log
GET /api/models
POST /api/models/{model}/open
POST /api/inspect
POST /api/generate
GET /v1/models
POST /v1/chat/completions
POST /v1/completions`
  .trim()
  .split("\n");

const operations = (): [string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]),
  );

it("is OpenAPI 3.1 and covers every address", () => {
  expect(document.openapi).toBe("3.1.0");
  const described = operations().map(([name]) => name);
  expect(agreed.filter((name) => !described.includes(name))).toEqual([]);
});

it("every operation has a name, a summary, an answer and an error, and declares what its path holds", () => {
  const names = new Set<string>();
  for (const [name, { operationId, summary, parameters = [], responses }] of operations()) {
    expect([name, summary]).toEqual([name, expect.stringMatching(/^[A-Z].*[^.]$/)]);
    expect([name, operationId]).toEqual([name, expect.stringMatching(/^[a-z][A-Za-z0-9]*$/)]);
    names.add(operationId ?? "");
    expect([name, Object.keys(responses)]).toEqual([name, expect.arrayContaining(["default"]) as unknown]);
    const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    expect([
      name,
      parameters.filter((parameter) => parameter.in === "path" && parameter.required).map((parameter) => parameter.name),
    ]).toEqual([name, inPath]);
  }
  expect(names.size).toBe(operations().length);
});

it("no parameter may be null: an address has no such thing", () => {
  for (const [name, { parameters = [] }] of operations())
    expect([name, JSON.stringify(parameters)]).toEqual([name, expect.not.stringContaining("null")]);
  expect(document.components.schemas["FeatureIndex"]).toMatchObject({ type: "integer", minimum: 0, maximum: 2 ** 24 - 1 });
  const biases = (name: string): unknown =>
    (document.components.schemas[name] as { properties: Record<string, unknown> }).properties["logit_bias"];
  expect(biases("ChatCompletionRequest")).toMatchObject({ additionalProperties: { type: "number" } });
});

it("every reference leads somewhere", () => {
  const text = JSON.stringify(document);
  for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    expect(Object.keys(document.components.schemas)).toContain(name);
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining(["Feature", "FeatureList", "Job", "Problem", "Chat", "Status"]),
  );
  // What streams carry stands in no answer's schema, only in their text.
  for (const name of ["GenerateEvent", "JobEvent"]) {
    expect([name, document.components.schemas[name]]).toEqual([name, expect.objectContaining({ oneOf: expect.any(Array) as unknown })]);
    expect(text).toContain(`JSON: #/components/schemas/${name}`);
  }
  expect(text).not.toContain("#/$defs/");
});
