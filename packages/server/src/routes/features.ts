import {
  exampleSchema,
  featureDetailSchema,
  featureListQuerySchema,
  featureListSchema,
  featureQuerySchema,
  urlIndex,
} from "@lexiscope/contract";
import { isFresh } from "../cache-tag.ts";
import type { ServerContext } from "../context.ts";
import { featureDetail, showExample } from "../features/detail.ts";
import { findFeatures } from "../features/list.ts";
import { featureRows } from "../features/rows.ts";
import { createGate } from "../gate.ts";
import { type App, atlasParams, defineRoute, featureParams, jsonResponse, notModified } from "../route.ts";

const tags = ["Features"];

const list = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/features",
  tags,
  summary: "Search, sort and filter the features of an atlas",
  request: { params: atlasParams, query: featureListQuerySchema },
  responses: { 200: jsonResponse(featureListSchema, "A page of features") },
});
const get = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/features/{feature}",
  tags,
  summary: "A feature: numbers, histogram, output tokens, neighbours, examples around their peaks",
  request: { params: featureParams, query: featureQuerySchema },
  responses: { 200: jsonResponse(featureDetailSchema, "The feature") },
});
const example = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/features/{feature}/examples/{n}",
  tags,
  summary: "One example with its whole context",
  request: { params: featureParams.extend({ n: urlIndex(100_000) }) },
  responses: { 200: jsonResponse(exampleSchema, "The example"), 304: notModified },
});

/** Feature pages read at a time: each holds dozens of contexts while it is put together. */
const pagesTogether = 16;

export function featuresRoutes(app: App, { atlases }: ServerContext): void {
  const gate = createGate(pagesTogether);
  app.openapi(list, (c) => {
    const query = c.req.valid("query");
    return atlases.use(
      c.req.valid("param").atlas,
      ({ id, atlas, overlay }) => {
        const { total, truncated, items } = findFeatures(atlas, overlay, query);
        return c.json({ atlas: id, total, truncated, offset: query.offset, items: featureRows(items, overlay) }, 200);
      },
      { names: "if free" },
    );
  });
  app.openapi(get, (c) => {
    const { atlas: name, feature } = c.req.valid("param");
    const window = c.req.valid("query");
    return atlases.use(
      name,
      async ({ id, atlas, overlay }) => c.json(await gate(() => featureDetail({ id, atlas, overlay, feature, window })), 200),
      { names: "if free" },
    );
  });
  app.openapi(example, (c) => {
    const { atlas: name, feature, n } = c.req.valid("param");
    return atlases.use(name, async ({ atlas, stamp }) => {
      const shown = showExample(await atlas.example(feature, n), n);
      return isFresh(c, stamp) ? c.body(null, 304) : c.json(shown, 200);
    });
  });
}
