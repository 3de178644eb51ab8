import { type Chat, type Chats, chatSchema } from "@lexiscope/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestServer, makeHome, type TestServer } from "../testing/test-server.ts";

let t: TestServer;
beforeAll(async () => {
  t = await startTestServer({ home: await makeHome({ atlas: null }) });
});
afterAll(() => t.close());

it("a conversation is kept, renamed, continued and deleted", async () => {
  const made = await t.ask("POST", "/api/chats", { body: { title: "عن \u202Eالنحل 🐝 <b>", atlas: "first" } });
  expect(made.status).toBe(201);
  const chat = chatSchema.parse(JSON.parse(made.text));
  expect(chat).toMatchObject({ title: "عن \u202Eالنحل 🐝 <b>", atlas: "first", turns: [], sides: "both" });
  const turn = { user: "Hi", plain: "Hello", edited: null, edits: [{ op: "clamp", feature: 3, value: 2, unit: "max", positions: "all" }] };
  const longer = await t.json<Chat>("PATCH", `/api/chats/${chat.id}`, { turns: [turn] });
  expect(longer).toMatchObject({ title: chat.title, turns: [turn], created: chat.created });
  expect(longer.updated >= chat.updated).toBe(true);
  expect(await t.json<Chat>("GET", `/api/chats/${chat.id}`)).toEqual(longer);
  const { chats } = await t.json<Chats>("GET", "/api/chats");
  expect(chats).toEqual([{ id: chat.id, title: chat.title, created: chat.created, updated: longer.updated, turns: 1 }]);
  expect((await t.ask("DELETE", `/api/chats/${chat.id}`)).status).toBe(204);
  for (const method of ["GET", "DELETE"]) expect((await t.ask(method, `/api/chats/${chat.id}`)).status).toBe(404);
  expect((await t.ask("PATCH", `/api/chats/${chat.id}`, { body: { title: "x" } })).status).toBe(404);
});

it("a long conversation fits, one without end does not", async () => {
  const turn = { user: "u".repeat(900_000), plain: null, edited: null, edits: [] };
  expect((await t.ask("POST", "/api/chats", { body: { turns: [turn, turn, turn] } })).status).toBe(201);
  expect((await t.ask("POST", "/api/chats", { body: { turns: Array.from({ length: 20 }, () => turn) } })).status).toBe(413);
});

it.each([
  [{ title: "" }, "title"],
  [{ title: "x".repeat(201) }, "title"],
  [{ id: "mine" }, ""],
  [{ sampling: { temperature: 3, topP: 1, repetitionPenalty: 1, maxTokens: 5, seed: 0 } }, "sampling.temperature"],
  [{ edits: [{ op: "boost" }] }, "edits.0.op"],
  [[], ""],
  [null, ""],
])("%j is no conversation", async (body, field) => {
  const answer = await t.ask("POST", "/api/chats", { body: JSON.stringify(body) });
  expect(answer.status).toBe(400);
  if (field !== "") expect(answer.json().error.field).toBe(field);
});
