import { z } from "@hono/zod-openapi";
import {
  chatCompletionChunkSchema,
  chatCompletionRequestSchema,
  chatCompletionSchema,
  completionRequestSchema,
  completionSchema,
  openaiModelSchema,
  openaiModelsSchema,
} from "@lexiscope/contract";
import type { Context } from "hono";
import type { ZodError, ZodType } from "zod";
import type { ServerContext } from "../context.ts";
import { eventStream } from "../event-stream.ts";
import type { KnownModel } from "../models/known-models.ts";
import { featureNames, requestSignal } from "../models/request.ts";
import { chatRun } from "../openai/chat-run.ts";
import { completionRun } from "../openai/completion-run.ts";
import { asModelError, invalidBody, OpenaiError, openaiErrorResponse, streamedFailure } from "../openai/errors.ts";
import { type Run, streamAnswer, wholeAnswer } from "../openai/run.ts";
import { type App, defineRoute, jsonBody, jsonResponse } from "../route.ts";

const tags = ["OpenAI"];

/** One JSON answer, or with `stream: true` its pieces. */
function answers<W extends ZodType, P extends ZodType>(whole: W, piece: P) {
  return {
    200: {
      description: "The answer, or with `stream` its pieces and `[DONE]`",
      content: { "application/json": { schema: whole }, "text/event-stream": { schema: piece } },
    },
  };
}

const list = defineRoute({
  method: "get",
  path: "/v1/models",
  tags,
  summary: "Models, as OpenAI lists them",
  responses: { 200: jsonResponse(openaiModelsSchema, "Models") },
});
const get = defineRoute({
  method: "get",
  path: "/v1/models/{model}",
  tags,
  summary: "One model, as OpenAI shows it",
  request: { params: z.object({ model: z.string().min(1).max(1000) }) },
  responses: { 200: jsonResponse(openaiModelSchema, "The model") },
});
const chat = defineRoute({
  method: "post",
  path: "/v1/chat/completions",
  tags,
  summary: "Answer a conversation, in OpenAI's protocol with the field `steering`",
  description:
    "An edit that cannot be applied is an error, never a plain answer. Parameters that are not offered and would change the answer are refused by name.",
  request: { body: jsonBody(chatCompletionRequestSchema) },
  responses: answers(chatCompletionSchema, chatCompletionChunkSchema),
});
const complete = defineRoute({
  method: "post",
  path: "/v1/completions",
  tags,
  summary: "Go on with a text, in OpenAI's protocol with the field `steering`",
  request: { body: jsonBody(completionRequestSchema) },
  responses: answers(completionSchema, completionSchema),
});

export function openaiRoutes(app: App, context: ServerContext): void {
  const { models, logger } = context;
  const hook = (result: { success: boolean; error?: unknown }, c: Context): Response | undefined =>
    result.success ? undefined : openaiErrorResponse(c, invalidBody(result.error as ZodError), logger);
  const respond = async (c: Context, asRun: () => Promise<Run>): Promise<Response> => {
    try {
      return await answer(c, context, await asRun());
    } catch (error) {
      return openaiErrorResponse(c, error, logger);
    }
  };
  app.openapi(list, async (c) => c.json({ object: "list" as const, data: (await models.known()).map(shown) }, 200));
  app.openapi(get, async (c) => {
    const { model: id } = c.req.valid("param");
    const model = (await models.known()).find((known) => known.id === id);
    return model
      ? c.json(shown(model), 200)
      : (openaiErrorResponse(
          c,
          new OpenaiError(404, "model_not_found", `The model ${JSON.stringify(id)} does not exist.`, "model"),
          logger,
        ) as never);
  });
  app.openapi(chat, (c) => respond(c, async () => chatRun(context, c.req.valid("json"))) as never, hook);
  app.openapi(complete, (c) => respond(c, async () => completionRun(context, c.req.valid("json"))) as never, hook);
}

async function answer(c: Context, context: ServerContext, run: Run): Promise<Response> {
  const { models } = context;
  const events = models.generate(run.model, run.job, requestSignal(c, context));
  try {
    const first = await events.next();
    if (first.done || first.value.type !== "prepared") throw new Error("the run was not prepared");
    const begun = {
      prepared: first.value,
      opened: (await models.find(run.model)).opened,
      names: (indices: readonly number[]) => featureNames(context, run.steering?.atlas?.name ?? "", indices),
    };
    if (!run.stream) return c.json(await wholeAnswer(run, begun, events), 200);
    return eventStream(c, context, (send) => streamAnswer(run, begun, events, send), {
      failure: (error) => ({ data: streamedFailure(error) }),
    });
  } catch (error) {
    throw asModelError(error, run.model);
  }
}

function shown({ id, created, builtIn }: KnownModel): { id: string; object: "model"; created: number; owned_by: string } {
  return { id, object: "model", created, owned_by: builtIn ? "lexiscope" : "local" };
}
