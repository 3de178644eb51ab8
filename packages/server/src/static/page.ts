import type { Context } from "hono";
import { takesGzip } from "../pack-answers.ts";
import { notBuiltPage, notFoundPage } from "./plain-pages.ts";
import { type StaticFile, staticFiles } from "./files.ts";

/** Addresses that the page itself tells apart. */
const pageUrl = /^\/(?:$|(?:atlas|inspect|chat|lists|runs|learn)(?:\/|$))/;

/** Serves the built page: hashed assets for good, `index.html` for every address of the page. Undefined: nothing of the page's. */
export function createPage(webRoot: string | undefined): (c: Context) => Promise<Response | undefined> {
  const files = webRoot === undefined ? undefined : staticFiles(webRoot);
  return async (c) => {
    const { path, method } = c.req;
    if ((method !== "GET" && method !== "HEAD") || path.startsWith("/api/") || path.startsWith("/v1/")) return undefined;
    const isPage = pageUrl.test(path);
    const file = await files?.get(isPage ? "/index.html" : path);
    if (file) return send(c, file, path.startsWith("/assets/"));
    if (isPage) return c.html(notBuiltPage(), 503);
    return /\btext\/html\b/.test(c.req.header("accept") ?? "") ? c.html(notFoundPage(), 404) : undefined;
  };
}

function send(c: Context, { type, etag, body, gzip }: StaticFile, hashed: boolean): Response {
  const headers: Record<string, string> = {
    "content-type": type,
    etag,
    // A name with a hash in it never means another file.
    "cache-control": hashed ? "public, max-age=31536000, immutable" : "no-cache",
  };
  if (gzip) headers["vary"] = "accept-encoding";
  if (sameTag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  if (gzip && takesGzip(c.req.header("accept-encoding"))) return c.body(gzip, 200, { ...headers, "content-encoding": "gzip" });
  return c.body(body, 200, headers);
}

/** Whether `If-None-Match` names this version; the weak form is the same content. */
export function sameTag(header: string | undefined, etag: string): boolean {
  return header !== undefined && header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag.replace(/^W\//, ""));
}
