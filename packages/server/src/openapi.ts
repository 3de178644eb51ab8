import { version } from "@lexiscope/core";
import type { App } from "./route.ts";

let document: object | undefined;
let documented: App | undefined;

/** The OpenAPI 3.1 document of every route, made once. */
export function openapiDocument(app: App): object {
  if (documented === app && document) return document;
  documented = app;
  document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Lexiscope",
      version,
      description:
        "Look inside open language models: atlases of features, inspection of any text, generation with edits. Answers under /v1 follow OpenAI's protocol.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{}, { token: [] }],
  });
  return document;
}
