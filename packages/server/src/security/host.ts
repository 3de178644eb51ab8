import type { MiddlewareHandler } from "hono";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { ServerOptions } from "../context.ts";
import { RefusedError } from "../problem.ts";

const loopback = new Set(["localhost", "127.0.0.1", "::1"]);

/** Whether nobody but this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return loopback.has(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/**
 * Refuses a Host that is not ours. A site may let its own name point to 127.0.0.1 after its page was loaded (DNS
 * rebinding): to the browser it is then the same origin, and only the name gives it away.
 */
export function checkHost(options: Pick<ServerOptions, "host" | "allowedHosts">): MiddlewareHandler {
  const known = knownHosts(options);
  return async function checkHost(c, next) {
    const name = hostName(c.req.header("host") ?? "");
    // A number cannot be rebound; whoever asks for it means this machine.
    const ours = name !== undefined && (known.has(name) || (isWildcard(options.host) && isIP(name) !== 0));
    if (!ours)
      throw new RefusedError(
        403,
        "forbidden",
        `this server is not called ${JSON.stringify((c.req.header("host") ?? "").slice(0, 200))}`,
        "open it by the address that it printed, or start it with --allow-host NAME",
      );
    await next();
  };
}

function knownHosts({ host, allowedHosts }: Pick<ServerOptions, "host" | "allowedHosts">): ReadonlySet<string> {
  const names = [...loopback, ...allowedHosts];
  if (isWildcard(host)) names.push(hostname(), `${hostname()}.local`);
  else names.push(host);
  return new Set(names.map((name) => name.toLowerCase()));
}

/** The name in `name:port` or `[address]:port`, lower case; undefined for what is none. */
export function hostName(host: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/?#@\s]+))(?::\d{1,5})?$/i.exec(host) ?? [];
  return (bracketed ?? plain)?.toLowerCase().replace(/\.$/, "");
}
