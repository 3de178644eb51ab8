import { z } from "@hono/zod-openapi";
import { chatInputSchema, chatSchema, chatsSchema } from "@lexiscope/contract";
import { whenFree } from "@lexiscope/core";
import type { ServerContext } from "../context.ts";
import { type App, defineRoute, jsonBody, jsonResponse } from "../route.ts";

const tags = ["Chats"];
const params = z.object({ chat: z.string().min(1).max(64) });

const list = defineRoute({
  method: "get",
  path: "/api/chats",
  tags,
  summary: "Conversations, the latest first",
  responses: { 200: jsonResponse(chatsSchema, "Conversations without their turns") },
});
const create = defineRoute({
  method: "post",
  path: "/api/chats",
  tags,
  summary: "Keep a new conversation",
  request: { body: jsonBody(chatInputSchema) },
  responses: { 201: jsonResponse(chatSchema, "The conversation") },
});
const get = defineRoute({
  method: "get",
  path: "/api/chats/{chat}",
  tags,
  summary: "One conversation",
  request: { params },
  responses: { 200: jsonResponse(chatSchema, "The conversation") },
});
const update = defineRoute({
  method: "patch",
  path: "/api/chats/{chat}",
  tags,
  summary: "Change any part of a conversation: its title, turns, edits, …",
  request: { params, body: jsonBody(chatInputSchema) },
  responses: { 200: jsonResponse(chatSchema, "The conversation") },
});
const remove = defineRoute({
  method: "delete",
  path: "/api/chats/{chat}",
  tags,
  summary: "Delete a conversation",
  request: { params },
  responses: { 204: { description: "It is gone" } },
});

/** How long a request waits for another process that writes. */
const patienceMs = 5000;

export function chatsRoutes(app: App, { chats }: ServerContext): void {
  const free = <T>(work: () => T): Promise<T> => whenFree(chats.path, patienceMs, work);
  app.openapi(list, async (c) => c.json({ chats: await free(() => chats.list()) }, 200));
  app.openapi(create, async (c) => c.json(await free(() => chats.create(c.req.valid("json"))), 201));
  app.openapi(get, async (c) => c.json(await free(() => chats.get(c.req.valid("param").chat)), 200));
  app.openapi(update, async (c) => c.json(await free(() => chats.update(c.req.valid("param").chat, c.req.valid("json"))), 200));
  app.openapi(remove, async (c) => {
    await free(() => chats.remove(c.req.valid("param").chat));
    return c.body(null, 204);
  });
}
