import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { RefusedError } from "../problem.ts";

const KiB = 2 ** 10;
const MiB = 2 ** 20;
/** A form has a few hundred bytes; what is larger is meant to fill the memory. */
const usual = MiB;
/** Names, notes and lists of a whole atlas. */
const importLimit = 16 * MiB;
/** A long conversation is saved whole. */
const chatLimit = 16 * MiB;

/** A token and an address to go on to: read before anybody has shown who they are. */
const signInLimit = 16 * KiB;

/** For the addresses that answer without the token. */
export function signInBodyLimit(): MiddlewareHandler {
  return limit(signInLimit);
}

/** Refuses a body that is too large before it is read: by its announced length, else as soon as it has grown past the limit. */
export function bodyLimits(): MiddlewareHandler {
  const [small, chat, large] = [limit(usual), limit(chatLimit), limit(importLimit)];
  return async function bodyLimits(c, next) {
    const { path, method } = c.req;
    if (method === "GET" || method === "HEAD") return next();
    const chosen = /^\/api\/atlases\/[^/]+\/overlay$/.test(path)
      ? large
      : /^\/(?:api\/(?:chats|generate|inspect)|v1)(?:\/|$)/.test(path)
        ? chat
        : small;
    return chosen(c, next);
  };
}

function limit(maxSize: number): MiddlewareHandler {
  return bodyLimit({
    maxSize,
    onError: (c) => {
      // What is still on its way is not waited for.
      c.header("connection", "close");
      throw new RefusedError(
        413,
        "too_large",
        `the body has more than ${maxSize < MiB ? `${maxSize / KiB} KiB` : `${maxSize / MiB} MiB`}`,
        "send less",
      );
    },
  });
}
