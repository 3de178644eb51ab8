import { z } from "@hono/zod-openapi";
import { modelEntrySchema, modelsSchema } from "@lexiscope/contract";
import type { ServerContext } from "../context.ts";
import { requestSignal } from "../models/request.ts";
import { type App, defineRoute, jsonResponse } from "../route.ts";

const tags = ["Models"];

const list = defineRoute({
  method: "get",
  path: "/api/models",
  tags,
  summary: "Models that can be asked, and how they are",
  responses: { 200: jsonResponse(modelsSchema, "Models") },
});
const open = defineRoute({
  method: "post",
  path: "/api/models/{model}/open",
  tags,
  summary: "Open a model now; answers when it is open",
  description: "Asking a model opens it too. A name with a slash is written with %2F.",
  request: { params: z.object({ model: z.string().min(1).max(1000) }) },
  responses: { 200: jsonResponse(modelEntrySchema, "The open model") },
});

export function modelsRoutes(app: App, context: ServerContext): void {
  const { models } = context;
  app.openapi(list, async (c) => c.json({ models: await models.list() }, 200));
  app.openapi(open, async (c) => c.json(await models.open(c.req.valid("param").model, requestSignal(c, context)), 200));
}
