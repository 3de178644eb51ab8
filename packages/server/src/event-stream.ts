import type { Problem } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type { ServerResponse } from "node:http";
import type { Context } from "hono";
import type { ServerContext } from "./context.ts";
import { toFailure } from "./problem.ts";

/** Proxies and browsers give up on a silent connection after half a minute and more. */
const heartbeatMs = 15_000;
/** Characters that go out at once, though more of the same turn may come. */
const longestPiece = 16 * 1024;
/** A client that reads nothing for this long has left without saying so. */
const usualStallMs = 60_000;

export interface StreamEvent {
  /** Sent as one line of JSON; a string goes as it is (it must have no line break). */
  data: unknown;
  /** What Last-Event-ID says when the client comes back. */
  id?: string | undefined;
  event?: string | undefined;
}

export interface EventStreamOptions {
  /** The last event when the work fails, or when the server closes. */
  failure: (error: Problem["error"]) => StreamEvent;
  /** A client that reads nothing for this long, in milliseconds, is cut off. */
  stallMs?: number | undefined;
}

/**
 * Answers with server-sent events. `send` waits while the client is slower than the work; `signal` fires when the client
 * has left or the server closes. The stream ends when the work does.
 */
export function eventStream(
  c: Context,
  context: ServerContext,
  work: (send: (event: StreamEvent) => Promise<void>, signal: AbortSignal) => Promise<void>,
  { failure, stallMs = usualStallMs }: EventStreamOptions,
): Response {
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, context.closing]);
  const encoder = new TextEncoder();
  let wake: (() => void) | undefined;
  // One for the whole stream: one at each wait would stay until the stream is forgotten.
  const wakeUp = (): void => wake?.();
  signal.addEventListener("abort", wakeUp, { once: true });
  let heartbeat: NodeJS.Timeout | undefined;

  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      // What comes in one turn goes out in one piece: the tokens of two streams cost one write, and one read at the other end.
      let unsent = "";
      let next: NodeJS.Immediate | undefined;
      const flush = (): void => {
        clearImmediate(next);
        next = undefined;
        if (unsent !== "" && !gone.signal.aborted) controller.enqueue(encoder.encode(unsent));
        unsent = "";
      };
      const write = (text: string): void => {
        unsent += text;
        next ??= setImmediate(flush);
      };
      const hasRoom = (): boolean => (controller.desiredSize ?? 0) > 0;
      const send = async (event: StreamEvent): Promise<void> => {
        if (signal.aborted) throw stopped(context.closing.aborted);
        write(formatEvent(event));
        if (hasRoom() && unsent.length < longestPiece) return;
        flush();
        if (!hasRoom()) await room();
      };
      const room = (): Promise<void> =>
        new Promise((resolve) => {
          const timer = setTimeout(stalled, stallMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      // The end of a stream waits behind what is not read: only the connection itself can still be ended.
      const stalled = (): void => {
        clearInterval(heartbeat);
        gone.abort();
        context.logger.info({ path: c.req.path }, "a client that reads nothing was cut off");
        const connection = outgoing(c);
        if (connection) connection.destroy();
        else controller.error(stopped(false));
      };
      heartbeat = setInterval(() => {
        if (hasRoom()) write(": still here\n\n");
      }, heartbeatMs);
      void run();
      async function run(): Promise<void> {
        try {
          await work(send, signal);
        } catch (error) {
          if (gone.signal.aborted) return;
          const said = toFailure(context.closing.aborted ? stopped(true) : error);
          if (said.status >= 500 && !context.closing.aborted) context.logger.error({ err: error, path: c.req.path }, "stream failed");
          write(formatEvent(failure(said.error)));
        } finally {
          clearInterval(heartbeat);
          signal.removeEventListener("abort", wakeUp);
          flush();
          if (!gone.signal.aborted) controller.close();
        }
      }
    },
    pull: wakeUp,
    cancel: () => {
      clearInterval(heartbeat);
      gone.abort();
    },
  });
  return c.body(body, 200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
  });
}

function outgoing(c: Context): ServerResponse | undefined {
  return (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing;
}

function stopped(closing: boolean): LexiscopeError {
  return closing
    ? new LexiscopeError("busy", "the server is closing", { hint: "start it again, then try again" })
    : new LexiscopeError("aborted", "the client has left");
}

function formatEvent({ data, id, event }: StreamEvent): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${event === undefined ? "" : `event: ${event}\n`}${id === undefined ? "" : `id: ${id}\n`}data: ${text}\n\n`;
}
