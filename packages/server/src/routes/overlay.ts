import { importQuerySchema, importResultSchema, overlayExportSchema } from "@lexiscope/contract";
import { messageOf } from "@lexiscope/core";
import type { ServerContext } from "../context.ts";
import { attachment } from "../export/file.ts";
import { createGate } from "../gate.ts";
import { RefusedError } from "../problem.ts";
import { type App, atlasParams, defineRoute, jsonResponse } from "../route.ts";

const tags = ["Labels"];

/** Imports at a time, on their way or waiting for the one that is worked on: each holds its body in memory. */
const maxImports = 4;
/** Described here, judged by `importAll`: in slices, between which others are served. */
const overlayBody = { required: true, content: { "application/json": { schema: { $ref: "#/components/schemas/Overlay" } } } };

const download = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/overlay",
  tags,
  summary: "All names, notes and lists of an atlas as a file",
  request: { params: atlasParams },
  responses: { 200: jsonResponse(overlayExportSchema, "Labels and lists") },
});
const upload = defineRoute({
  method: "post",
  path: "/api/atlases/{atlas}/overlay",
  tags,
  summary: "Take in names, notes and lists from such a file",
  request: { params: atlasParams, query: importQuerySchema, body: overlayBody },
  responses: { 200: jsonResponse(importResultSchema, "What was taken in") },
});

export function overlayRoutes(app: App, { atlases }: ServerContext): void {
  app.openapi(download, (c) =>
    atlases.use(c.req.valid("param").atlas, ({ id, overlay }) => {
      c.header("content-disposition", attachment(`${id}-labels.json`));
      return c.json(overlay.exportAll(), 200);
    }),
  );
  const [uploads, one] = [createGate(maxImports, { waiting: 0, name: "imports" }), createGate(1)];
  app.openapi(upload, (c) =>
    uploads(async () => {
      const { mode, force } = c.req.valid("query");
      const text = await c.req.text();
      return one(async () => {
        const json = parseBody(text);
        return atlases.use(c.req.valid("param").atlas, async ({ overlay }) =>
          c.json(await overlay.importAll(json, mode, { force: force === "true" }), 200),
        );
      });
    }),
  );
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RefusedError(400, "invalid_input", `the body is no JSON: ${messageOf(error)}`, "give a file that Lexiscope exported");
  }
}
