import { z } from "@hono/zod-openapi";
import { listDetailSchema, listInputSchema, listSchema, listsSchema, membersInputSchema } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type { ServerContext } from "../context.ts";
import { featureRows } from "../features/rows.ts";
import { type App, atlasParams, defineRoute, jsonBody, jsonResponse } from "../route.ts";

const tags = ["Lists"];
const params = atlasParams.extend({ list: z.string().min(1).max(100) });
/** Members of a list that are shown as rows at once; `?list=` of the features pages through longer ones. */
const maxRows = 1000;

const all = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/lists",
  tags,
  summary: "Collections of features",
  request: { params: atlasParams },
  responses: { 200: jsonResponse(listsSchema, "Lists by name") },
});
const create = defineRoute({
  method: "post",
  path: "/api/atlases/{atlas}/lists",
  tags,
  summary: "Make a list",
  request: { params: atlasParams, body: jsonBody(listInputSchema) },
  responses: { 201: jsonResponse(listSchema, "The list") },
});
const get = defineRoute({
  method: "get",
  path: "/api/atlases/{atlas}/lists/{list}",
  tags,
  summary: "A list with its features as rows (the first 1,000)",
  request: { params },
  responses: { 200: jsonResponse(listDetailSchema, "The list") },
});
const update = defineRoute({
  method: "patch",
  path: "/api/atlases/{atlas}/lists/{list}",
  tags,
  summary: "Rename a list, change its note, replace its members",
  request: { params, body: jsonBody(listInputSchema) },
  responses: { 200: jsonResponse(listSchema, "The list") },
});
const remove = defineRoute({
  method: "delete",
  path: "/api/atlases/{atlas}/lists/{list}",
  tags,
  summary: "Delete a list; its features' names stay",
  request: { params },
  responses: { 204: { description: "It is gone" } },
});
const members = defineRoute({
  method: "post",
  path: "/api/atlases/{atlas}/lists/{list}/members",
  tags,
  summary: "Add features to a list, or take them out",
  request: { params, body: jsonBody(membersInputSchema) },
  responses: { 200: jsonResponse(listSchema, "The list") },
});

export function listsRoutes(app: App, { atlases }: ServerContext): void {
  app.openapi(all, (c) => atlases.use(c.req.valid("param").atlas, ({ overlay }) => c.json({ lists: overlay.lists() }, 200)));
  app.openapi(create, (c) => {
    const { name, note, features } = c.req.valid("json");
    if (name === undefined)
      throw new LexiscopeError("invalid_input", "the list has no name", { field: "name", hint: 'send {"name": "…"}' });
    return atlases.use(c.req.valid("param").atlas, ({ overlay }) => c.json(overlay.createList({ name, note, features }), 201));
  });
  app.openapi(get, (c) => {
    const { atlas: name, list: id } = c.req.valid("param");
    return atlases.use(name, ({ atlas, overlay }) => {
      const list = overlay.list(id);
      const { features } = atlas.manifest.dictionary;
      const shown = list.features.filter((index) => index < features).slice(0, maxRows);
      return c.json({ ...list, rows: featureRows(atlas.summaries(shown), overlay) }, 200);
    });
  });
  app.openapi(update, (c) => {
    const { atlas: name, list: id } = c.req.valid("param");
    const change = c.req.valid("json");
    return atlases.use(name, ({ overlay }) => c.json(overlay.changeList(id, change), 200));
  });
  app.openapi(remove, (c) => {
    const { atlas: name, list: id } = c.req.valid("param");
    return atlases.use(name, ({ overlay }) => {
      overlay.deleteList(id);
      return c.body(null, 204);
    });
  });
  app.openapi(members, (c) => {
    const { atlas: name, list: id } = c.req.valid("param");
    const change = c.req.valid("json");
    return atlases.use(name, ({ overlay }) => c.json(overlay.changeList(id, change), 200));
  });
}
