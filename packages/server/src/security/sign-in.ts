import type { Context } from "hono";
import { getCookie, setCookie, deleteCookie } from "hono/cookie";
import type { ServerContext } from "../context.ts";
import { RefusedError } from "../problem.ts";
import type { App } from "../route.ts";
import { signInPage } from "../static/plain-pages.ts";
import { signInBodyLimit } from "./body-limits.ts";
import { sameSecret, sessionOf } from "./token.ts";
import { createWrongTries } from "./wrong-tries.ts";

const cookieName = "lexiscope-session";
const cookieSeconds = 30 * 24 * 3600;

/** Asks everybody for the token, when there is one: as a bearer, or once on the sign-in page. */
export function signIn(app: App, { options: { token }, logger }: ServerContext): void {
  if (token === undefined) {
    app.get("/sign-in", (c) => c.redirect("/"));
    return;
  }
  const session = sessionOf(token);
  const tries = createWrongTries();

  /** Looks at a token that somebody gave, unless that address has tried too often. */
  function isRight(c: Context, given: string): boolean {
    const address = addressOf(c);
    const wait = tries.waitFor(address);
    if (wait > 0) {
      c.header("retry-after", String(wait));
      throw new RefusedError(
        429,
        "too_many_tries",
        `too many wrong tokens; the next one is looked at in ${wait} s`,
        "wait, then try again",
      );
    }
    if (token !== undefined && sameSecret(given, token)) return true;
    tries.add(address);
    logger.warn({ address }, "wrong token");
    return false;
  }

  app.use(async function requireToken(c, next) {
    if (c.req.path === "/sign-in") return next();
    const cookie = getCookie(c, cookieName);
    if (cookie !== undefined && sameSecret(cookie, session)) return next();
    const bearer = /^Bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
    if (bearer !== undefined && isRight(c, bearer)) return next();
    if (c.req.method === "GET" && /\btext\/html\b/.test(c.req.header("accept") ?? "") && bearer === undefined)
      return c.redirect(`/sign-in?next=${encodeURIComponent(pathAndQuery(c.req.url))}`);
    c.header("www-authenticate", "Bearer");
    throw new RefusedError(
      401,
      "unauthorized",
      bearer === undefined ? "this server asks for a token" : "the token is wrong",
      "send `Authorization: Bearer TOKEN`, with the token that the server printed when it started",
    );
  });

  app.get("/sign-in", (c) => c.html(signInPage({ next: ownPath(c.req.query("next")) }), 200, signInHeaders));
  const limited = signInBodyLimit();
  app.post("/sign-in", limited, async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const next = ownPath(form.get("next") ?? undefined);
    if (!isRight(c, form.get("token") ?? "")) return c.html(signInPage({ next, wrong: true }), 401, signInHeaders);
    setCookie(c, cookieName, session, { httpOnly: true, sameSite: "Strict", path: "/", maxAge: cookieSeconds, secure: isHttps(c) });
    return c.redirect(next, 303);
  });
  app.post("/sign-out", limited, (c) => {
    deleteCookie(c, cookieName, { path: "/" });
    return c.redirect("/sign-in", 303);
  });
}

/** Under no-referrer a form would be sent with `Origin: null`, as a foreign one is. */
const signInHeaders = { "referrer-policy": "same-origin" };

/** Where to go afterwards: a path here, never another site. */
function ownPath(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x20-\x7e]*$/.test(next) && !next.startsWith("/sign-") ? next : "/";
}

function pathAndQuery(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}

function addressOf(c: Context): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress ?? "unknown";
}

function isHttps(c: Context): boolean {
  return c.req.header("origin")?.startsWith("https:") === true;
}
