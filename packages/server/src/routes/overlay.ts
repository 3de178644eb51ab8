import { importQuerySchema, importResultSchema, overlayExportSchema } from "@lexiscope/contract";
import type { ServerContext } from "../context.ts";
import { attachment } from "../export/file.ts";
import { type App, atlasParams, defineRoute, jsonBody, jsonResponse } from "../route.ts";

const tags = ["Labels"];

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
  request: { params: atlasParams, query: importQuerySchema, body: jsonBody(overlayExportSchema) },
  responses: { 200: jsonResponse(importResultSchema, "What was taken in") },
});

export function overlayRoutes(app: App, { atlases }: ServerContext): void {
  app.openapi(download, (c) =>
    atlases.use(c.req.valid("param").atlas, ({ id, overlay }) => {
      c.header("content-disposition", attachment(`${id}-labels.json`));
      return c.json(overlay.exportAll(), 200);
    }),
  );
  app.openapi(upload, (c) => {
    const { mode, force } = c.req.valid("query");
    return atlases.use(c.req.valid("param").atlas, ({ overlay }) =>
      c.json(overlay.importAll(c.req.valid("json"), mode, { force: force === "true" }), 200),
    );
  });
}
