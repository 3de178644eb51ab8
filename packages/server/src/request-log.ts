import type { MiddlewareHandler } from "hono";
import type { Logger } from "pino";

/** One line a request: neither headers nor the query, where texts and tokens might stand. */
export function requestLog(logger: Logger): MiddlewareHandler {
  return async function requestLog(c, next) {
    const started = performance.now();
    await next();
    logger.debug({ method: c.req.method, path: c.req.path, status: c.res.status, ms: Math.round(performance.now() - started) }, "request");
  };
}
