import { type GenerateEvent, generateRequestSchema } from "@lexiscope/contract";
import type { ServerContext } from "../context.ts";
import { eventStream } from "../event-stream.ts";
import { generateEvent } from "../models/generate-event.ts";
import { atlasPlace, requestSignal } from "../models/request.ts";
import { type App, defineRoute, eventResponse, jsonBody } from "../route.ts";

const generate = defineRoute({
  method: "post",
  path: "/api/generate",
  tags: ["Models"],
  summary: "Answers to a prompt under several edits, in one batch, as server-sent events",
  description: "What is wrong with the request is said by the status. In the stream an `error` event comes last.",
  request: { body: jsonBody(generateRequestSchema) },
  responses: { 200: eventResponse("GenerateEvent", "Events") },
});

export function generateRoutes(app: App, context: ServerContext): void {
  const { models } = context;
  app.openapi(generate, async (c) => {
    const { model, atlas, prompt, variants, changes, temperature, topP, repetitionPenalty, maxTokens, stop, seed } = c.req.valid("json");
    const found = atlas === undefined ? undefined : await atlasPlace(context, atlas);
    const id = model ?? (await models.modelFor(found?.manifest));
    const sampling = { temperature, topP, repetitionPenalty, maxTokens, stop, seed };
    const events = models.generate(id, { prompt, variants, sampling, atlas: found?.place, changes }, requestSignal(c, context));
    await events.next(); // `prepared`, or what is wrong
    return eventStream(
      c,
      context,
      async (send) => {
        for await (const event of events) {
          const shown = await generateEvent(context, atlas, event);
          if (shown) await send({ data: shown });
        }
      },
      { failure: (error) => ({ data: { type: "error", error } satisfies GenerateEvent }) },
    );
  });
}
