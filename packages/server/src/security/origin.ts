import type { MiddlewareHandler } from "hono";
import { RefusedError } from "../problem.ts";

/**
 * Refuses what another site makes a browser send. Only what changes nothing passes unseen: GET and HEAD. A request
 * without Origin comes from a program, not from a page.
 */
export function checkOrigin(): MiddlewareHandler {
  return async function checkOrigin(c, next) {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") {
      const site = c.req.header("sec-fetch-site");
      const origin = c.req.header("origin");
      const foreign =
        (site !== undefined && site !== "same-origin" && site !== "none") || (origin !== undefined && !isOwn(origin, c.req.header("host")));
      if (foreign)
        throw new RefusedError(
          403,
          "forbidden",
          "another site may not change anything here",
          "use Lexiscope's own page, or a program that sends no Origin",
        );
    }
    await next();
  };
}

/** The Host has been checked before. A proxy may speak https to the browser. */
function isOwn(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
