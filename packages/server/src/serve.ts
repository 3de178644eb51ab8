import type { Server } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { LexiscopeError, makeFolder } from "@lexiscope/core";
import { type JobRunner, createJobRunner } from "@lexiscope/jobs";
import { type Logger, pino } from "pino";
import { createApp } from "./app.ts";
import { createAtlasRegistry } from "./atlases/registry.ts";
import { openChatStore } from "./chats/store.ts";
import type { ServerContext } from "./context.ts";
import { ModelPool } from "./models/pool.ts";
import { isLoopback } from "./security/host.ts";
import { checkToken, makeToken } from "./security/token.ts";

/** 4873: H-U-R-E on a telephone; nothing well known listens there. */
const usualPort = 4873;
/** Ports tried after it when it is taken, unless one was asked for. */
const portsTried = 20;
/** A client has this long for its headers, and for a whole request with its body. */
const headersMs = 15_000;
const requestMs = 120_000;
/** How long streams may take to say that they end. */
const graceMs = 2000;
const maxHeaderBytes = 32 * 1024;

export interface ServeOptions {
  /** Address to listen on; any other than loopback's asks for a token. */
  host?: string | undefined;
  /** 0: any free one. Undefined: the usual one or the next that is free. */
  port?: number | undefined;
  /** Undefined: none on loopback, elsewhere one is made. */
  token?: string | undefined;
  /** Further names by which the server may be called. */
  allowedHosts?: readonly string[] | undefined;
  /** The folder that holds everything; it must be the one that `lexiscopeHome()` names. */
  home: string;
  /** Built files of the page. */
  webRoot?: string | undefined;
  /** The CLI's main file: jobs are run by it. */
  entry: string;
  /** Nothing is downloaded. */
  offline?: boolean | undefined;
  logger?: Logger | undefined;
}

export interface RunningServer {
  /** Where to find it, without the token. */
  url: string;
  port: number;
  /** The token that is asked for, given or made. */
  token: string | undefined;
  jobs: JobRunner;
  models: ModelPool;
  /** Takes no more requests, ends streams with an error, ends the models' processes. Jobs run on. */
  close(): Promise<void>;
}

/** Starts the server. Errors: `busy` when the port is taken, `environment` when the address cannot be had. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", home, entry, offline, webRoot, allowedHosts = [] } = options;
  const token = options.token ?? (isLoopback(host) ? undefined : makeToken());
  if (token !== undefined) checkToken(token);
  const logger = options.logger ?? pino({ level: process.env["LEXISCOPE_LOG"] ?? "warn" }, pino.destination(2));
  const closing = new AbortController();
  await makeFolder(home);
  const jobs = await createJobRunner({ entry, home, offline, onError: (err) => logger.error({ err }, "the queue of jobs") });
  const context: ServerContext = {
    home,
    atlases: createAtlasRegistry({ home, logger }),
    chats: openChatStore(join(home, "chats.sqlite")),
    jobs,
    models: new ModelPool({ logger, offline }),
    options: { token, allowedHosts, host, webRoot },
    logger,
    closing: closing.signal,
  };
  const close = async (): Promise<void> => {
    jobs.close();
    await context.models.close();
    await context.atlases.close();
    context.chats.close();
  };
  try {
    const server = createAdaptorServer({
      fetch: createApp(context).fetch,
      serverOptions: { headersTimeout: headersMs, requestTimeout: requestMs, maxHeaderSize: maxHeaderBytes },
    }) as Server;
    const port = await listen(server, host, options.port);
    let ended: Promise<void> | undefined;
    return {
      url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
      port,
      token,
      jobs,
      models: context.models,
      close: () => (ended ??= closeServer(server, closing).then(close)),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(server: Server, host: string, port: number | undefined): Promise<number> {
  const ports = port === undefined ? Array.from({ length: portsTried }, (_, i) => usualPort + i) : [port];
  for (const [i, candidate] of ports.entries()) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(candidate, host, () => {
          server.off("error", reject);
          resolve();
        });
      });
      return (server.address() as AddressInfo).port;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && i < ports.length - 1) continue;
      throw listenError(error, host, candidate);
    }
  }
  throw new LexiscopeError("internal", "no port was tried");
}

function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE")
    return new LexiscopeError("busy", `port ${port} is taken by another program`, {
      field: "port",
      hint: "choose another with --port, or leave it out to have a free one found",
      cause: error,
    });
  if (code === "EACCES")
    return new LexiscopeError("environment", `port ${port} may not be used without special rights`, {
      field: "port",
      hint: "choose one above 1023",
      cause: error,
    });
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND" || code === "EAI_AGAIN")
    return new LexiscopeError("invalid_input", `${host} is no address of this machine`, {
      field: "host",
      hint: "127.0.0.1 for this machine alone, 0.0.0.0 for all networks",
      cause: error,
    });
  return error;
}

/** Streams hear of it and say so; what does not end by itself is cut. */
async function closeServer(server: Server, closing: AbortController): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  closing.abort();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(cut);
}
