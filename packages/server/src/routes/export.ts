import { z } from "@hono/zod-openapi";
import { featureListQuerySchema } from "@lexiscope/contract";
import type { Context } from "hono";
import type { ServerContext } from "../context.ts";
import { exportFeature } from "../export/feature.ts";
import { attachment, type ExportedFile, exportFormats } from "../export/file.ts";
import { exportLimits, exportList } from "../export/list.ts";
import { type App, atlasParams, defineRoute, featureParams } from "../route.ts";

const tags = ["Export"];
const format = z.enum(exportFormats).default("json");
const file = {
  description: "The file",
  content: {
    "application/json": { schema: z.looseObject({ kind: z.string() }) },
    "text/csv": { schema: z.string() },
    "image/svg+xml": { schema: z.string() },
    "image/png": { schema: z.string().meta({ format: "binary" }) },
  },
};

const feature = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/features/{feature}/export",
  tags,
  summary: "A feature as JSON, CSV (its examples), SVG or PNG",
  description: "Text cells of CSV that begin with = + - @ get an apostrophe in front, so that no spreadsheet takes them for a formula.",
  request: { params: featureParams, query: z.object({ format }) },
  responses: { 200: file },
});
const list = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/export",
  tags,
  summary: "A view of the feature list as JSON, CSV, SVG or PNG",
  description: "Without `limit`, 10,000 rows, and 40 on a picture.",
  request: {
    params: atlasParams,
    query: featureListQuerySchema.extend({ format, limit: z.coerce.number().int().min(1).max(exportLimits.file).optional() }),
  },
  responses: { 200: file },
});

export function exportRoutes(app: App, { atlases }: ServerContext): void {
  app.openapi(feature, (c) => {
    const { atlas: name, feature: index } = c.req.valid("param");
    return atlases.use(name, async ({ id, atlas, overlay }) =>
      sendFile(
        c,
        await exportFeature({ atlas, overlay, name: id, feature: index, format: c.req.valid("query").format, signal: c.req.raw.signal }),
      ),
    );
  });
  app.openapi(list, (c) => {
    const { format: chosen, ...query } = c.req.valid("query");
    return atlases.use(c.req.valid("param").atlas, async ({ id, atlas, overlay }) =>
      sendFile(c, await exportList({ atlas, overlay, name: id, query, format: chosen, signal: c.req.raw.signal })),
    );
  });
}

function sendFile(c: Context, { filename, contentType, body }: ExportedFile): never {
  // A file has a type of its own for each format, which the types of a route cannot tell apart.
  return c.body(body, 200, { "content-type": contentType, "content-disposition": attachment(filename) }) as never;
}
