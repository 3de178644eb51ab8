import { getEventListeners, once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { pino } from "pino";
import { expect, it } from "vitest";
import type { ServerContext } from "./context.ts";
import { eventStream } from "./event-stream.ts";

type Work = Parameters<typeof eventStream>[2];

function app(work: Work, stallMs?: number, closing = new AbortController().signal): Hono {
  const context = { closing, logger: pino({ enabled: false }) } as ServerContext; // all that a stream looks at
  return new Hono().get("/", (c) => eventStream(c, context, work, { failure: (error) => ({ data: error }), stallMs }));
}

it("listens for the end once, however many events wait for room, and no more when it has ended", async () => {
  const listeners: number[] = [];
  let seen: AbortSignal | undefined;
  const made = app(async (send, signal) => {
    seen = signal;
    for (let i = 0; i < 200; i++) {
      await send({ data: i });
      listeners.push(getEventListeners(signal, "abort").length);
    }
  });
  let text = "";
  for await (const piece of (await made.request("/")).body ?? []) {
    await setImmediate(); // slower than the work
    text += Buffer.from(piece).toString();
  }
  expect(text.split("\n\n").length).toBe(201);
  expect(Math.max(...listeners)).toBe(1);
  expect(getEventListeners(seen ?? new AbortController().signal, "abort")).toHaveLength(0);
});

it("a wait for room ends when the server closes, and the last event says why", async () => {
  const closing = new AbortController();
  const made = app(
    async (send) => {
      for (;;) await send({ data: "x" });
    },
    undefined,
    closing.signal,
  );
  const answer = await made.request("/");
  closing.abort();
  expect(await answer.text()).toMatch(/data: \{"code":"busy".*\n\n$/);
});

it("cuts off a client that reads nothing, and ends the work", async () => {
  const ended = Promise.withResolvers<unknown>();
  const piece = "x".repeat(1 << 16);
  const made = app(async (send) => {
    try {
      for (;;) await send({ data: piece });
    } catch (error) {
      ended.resolve(error);
      throw error;
    }
  }, 200);
  const server = createAdaptorServer({ fetch: made.fetch }) as Server;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  try {
    const closed = new Promise<void>((resolve) => server.once("connection", (socket) => socket.once("close", () => resolve())));
    client.on("error", () => undefined);
    client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.pause();
    expect(await ended.promise).toMatchObject({ code: "aborted" });
    await closed;
    expect(await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0);
  } finally {
    client.destroy();
    server.closeAllConnections();
    server.close();
  }
}, 10_000);
