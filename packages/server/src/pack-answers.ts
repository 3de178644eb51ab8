import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { MiddlewareHandler } from "hono";
import { createGate } from "./gate.ts";

const packable = /^(?:application\/json|image\/svg\+xml|text\/csv)\b/;
/** A smaller answer fits in a packet or two as it is. */
const minBytes = 1400;
/** Most of the gain for a third of the time: an answer is read once. */
const level = 1;
/** Answers packed at a time. They share a few threads with the reading of files, and each holds its answer twice. */
const together = 2;
const pack = promisify(gzip);

/**
 * Packs whole answers with gzip, on zlib's own threads. Not as a stream: hundreds of readers at once would each hold a
 * compressor and its buffers. Streams of events go as they are.
 */
export function packAnswers(): MiddlewareHandler {
  const gate = createGate(together);
  const packed = (body: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> =>
    gate(async () => (await pack(body, { level })) as Uint8Array<ArrayBuffer>);

  return async function packAnswers(c, next) {
    await next();
    const { headers, status } = c.res;
    if (!packable.test(headers.get("content-type") ?? "") || headers.has("content-encoding")) return;
    c.header("vary", "accept-encoding", { append: true });
    if (c.req.method === "HEAD" || !takesGzip(c.req.header("accept-encoding"))) return;
    const body = await c.res.arrayBuffer();
    const answer = body.byteLength < minBytes ? new Uint8Array(body) : await packed(body);
    const said = new Headers(c.res.headers);
    said.delete("content-length");
    if (body.byteLength >= minBytes) said.set("content-encoding", "gzip");
    c.res = undefined; // else the headers of the two are mixed
    c.res = new Response(answer, { status, headers: said });
  };
}

/** Whether `Accept-Encoding` holds gzip, and not at `q=0`. */
export function takesGzip(header = ""): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(header);
}
