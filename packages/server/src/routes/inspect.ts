import { inspectRequestSchema, inspectResponseSchema } from "@lexiscope/contract";
import type { ServerContext } from "../context.ts";
import { atlasPlace, featureNames, requestSignal } from "../models/request.ts";
import { type App, defineRoute, jsonBody, jsonResponse } from "../route.ts";

const inspect = defineRoute({
  method: "post",
  path: "/api/inspect",
  tags: ["Models"],
  summary: "What fires on each token of a text",
  description: "A pinned feature's activation is 0 where it is not among those that the dictionary keeps at a token.",
  request: { body: jsonBody(inspectRequestSchema) },
  responses: {
    200: jsonResponse(inspectResponseSchema, "Every token with its strongest features, and the pinned ones over the whole text"),
  },
});

export function inspectRoutes(app: App, context: ServerContext): void {
  app.openapi(inspect, async (c) => {
    const { atlas, model, text, top, pinned } = c.req.valid("json");
    const { place, manifest } = await atlasPlace(context, atlas);
    const id = model ?? (await context.models.modelFor(manifest));
    const result = await context.models.inspect(id, { atlas: place, text, top, pinned: [...new Set(pinned)] }, requestSignal(c, context));
    const named = result.tokens.flatMap(({ features }) => features.map(({ index }) => index));
    const names = await featureNames(context, atlas, [...named, ...pinned]);
    return c.json({ ...result, names: Object.fromEntries(names) }, 200);
  });
}
