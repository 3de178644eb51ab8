import { promptRequestSchema, promptTokensSchema } from "@lexiscope/contract";
import type { ServerContext } from "../context.ts";
import { atlasPlace, requestSignal } from "../models/request.ts";
import { type App, defineRoute, jsonBody, jsonResponse } from "../route.ts";

const prompt = defineRoute({
  method: "post",
  path: "/api/prompt",
  tags: ["Models"],
  summary: "A prompt's tokens as the model reads them, its chat template included",
  request: { body: jsonBody(promptRequestSchema) },
  responses: { 200: jsonResponse(promptTokensSchema, "The tokens, in the order in which edits count them") },
});

export function promptRoutes(app: App, context: ServerContext): void {
  const { models } = context;
  app.openapi(prompt, async (c) => {
    const { model, atlas, prompt, maxTokens } = c.req.valid("json");
    const id = model ?? (await models.modelFor(atlas === undefined ? undefined : (await atlasPlace(context, atlas)).manifest));
    return c.json(await models.readPrompt(id, { prompt, maxTokens }, requestSignal(c, context)), 200);
  });
}
