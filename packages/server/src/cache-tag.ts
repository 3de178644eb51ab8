import { sha256 } from "@lexiscope/core";
import type { Context } from "hono";
import { sameTag } from "./static/page.ts";

/**
 * For answers that only the atlas decides: the tag is made of its identity and the address. True when the client has
 * this version already: answer 304.
 */
export function isFresh(c: Context, stamp: string): boolean {
  const etag = `W/"${sha256(`${stamp} ${c.req.url}`).slice(0, 24)}"`;
  c.header("etag", etag);
  c.header("cache-control", "private, no-cache");
  return sameTag(c.req.header("if-none-match"), etag);
}
