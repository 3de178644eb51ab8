import { generateEventSchema, jobEventSchema } from "@lexiscope/contract";
import { version } from "@lexiscope/core";
import { type ZodType, z } from "zod";
import type { App } from "./route.ts";

type Document = ReturnType<App["getOpenAPI31Document"]>;

/** The OpenAPI 3.1 document of every route of the app. */
export function openapiDocument(app: App): Document {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "Asked for when the server can be reached from other machines",
  });
  const document = tidy(
    app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "Lexiscope",
        version,
        description:
          "Look inside open language models: atlases of features, inspection of any text, generation with edits. Addresses under /v1 follow OpenAI's protocol.",
        license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
      },
      servers: [{ url: "/" }],
      security: [{}, { token: [] }],
    }),
  );
  addComponent(document, "GenerateEvent", generateEventSchema);
  addComponent(document, "JobEvent", jobEventSchema);
  return document;
}

type Schemas = NonNullable<NonNullable<Document["components"]>["schemas"]>;

/** What stands in a stream's data: no route refers to it by itself. */
function addComponent(document: Document, name: string, schema: ZodType): void {
  const {
    $schema: _,
    $defs = {},
    ...whole
  } = z.toJSONSchema(schema, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.id;
    },
  });
  const moved = JSON.parse(JSON.stringify({ [name]: whole, ...$defs }).replaceAll('"#/$defs/', '"#/components/schemas/')) as Schemas;
  document.components = { ...document.components, schemas: { ...moved, ...document.components?.schemas } };
}

interface Parameter {
  in: string;
  required?: boolean;
  schema?: { $ref?: string };
}

/** A number that is read from an address is generated as one that may be null, and as optional even in the path. */
function tidy(document: Document): Document {
  const schemas: Record<string, unknown> = document.components?.schemas ?? {};
  for (const methods of Object.values(document.paths ?? {})) {
    for (const { parameters = [] } of Object.values(methods) as { parameters?: Parameter[] }[]) {
      for (const parameter of parameters) {
        if (parameter.in === "path") parameter.required = true;
        neverNull(parameter.schema);
        const name = parameter.schema?.$ref?.split("/").at(-1);
        if (name !== undefined) neverNull(schemas[name]);
      }
    }
  }
  return document;
}

function neverNull(schema: unknown): void {
  if (typeof schema !== "object" || schema === null || !("type" in schema) || !Array.isArray(schema.type)) return;
  const types = schema.type.filter((type) => type !== "null");
  schema.type = types.length === 1 ? types[0] : types;
}
