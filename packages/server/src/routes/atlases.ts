import { atlasDetailSchema, atlasesSchema, histogramQuerySchema, histogramSchema } from "@lexiscope/contract";
import { isFresh } from "../cache-tag.ts";
import type { ServerContext } from "../context.ts";
import { type App, atlasParams, defineRoute, jsonResponse, notModified } from "../route.ts";

const tags = ["Atlases"];

const list = defineRoute({
  method: "get",
  path: "/api/atlases",
  tags,
  summary: "Every atlas on the shelf; a broken one says what is wrong",
  responses: { 200: jsonResponse(atlasesSchema, "Atlases") },
});
const get = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}",
  tags,
  summary: "An atlas: how it was made, and its honest numbers",
  request: { params: atlasParams },
  responses: { 200: jsonResponse(atlasDetailSchema, "The atlas") },
});
const histogram = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/histogram",
  tags,
  summary: "How density, maximum or effect is spread over the features that fired",
  request: { params: atlasParams, query: histogramQuerySchema },
  responses: { 200: jsonResponse(histogramSchema, "Counts by bin"), 304: notModified },
});

export function atlasesRoutes(app: App, { atlases }: ServerContext): void {
  app.openapi(list, async (c) => c.json({ atlases: await atlases.list() }, 200));
  app.openapi(get, (c) =>
    atlases.use(
      c.req.valid("param").atlas,
      ({ id, atlas: { path, manifest }, overlay }) => c.json({ id, path, manifest, overlay: overlay.counts() }, 200),
      { names: "if free" },
    ),
  );
  app.openapi(histogram, (c) =>
    atlases.use(c.req.valid("param").atlas, ({ atlas, stamp }) => {
      const { column, bins } = c.req.valid("query");
      if (isFresh(c, stamp)) return c.body(null, 304);
      const log = column === "density";
      const { edges, counts, dead } = atlas.histogramOf(column, bins, { log });
      return c.json({ column, edges, counts, log, dead }, 200);
    }),
  );
}
