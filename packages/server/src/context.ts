import type { JobRunner } from "@lexiscope/jobs";
import type { Logger } from "pino";
import type { AtlasRegistry } from "./atlases/registry.ts";
import type { ChatStore } from "./chats/store.ts";
import type { ModelPool } from "./models/pool.ts";

/** What every route works with. Made once by `serve`, closed by it. */
export interface ServerContext {
  /** The folder that holds everything. */
  home: string;
  /** Atlases with their overlays, opened on demand: `atlases.use(name, work)`. */
  atlases: AtlasRegistry;
  /** Conversations that are kept. */
  chats: ChatStore;
  jobs: JobRunner;
  /** Models, each in a process of its own. */
  models: ModelPool;
  options: ServerOptions;
  logger: Logger;
  /** Fires when the server closes: streams end with an error, work is given up. */
  closing: AbortSignal;
}

export interface ServerOptions {
  /** Asked for on every request, when there is one. */
  token: string | undefined;
  /** Host names (without port) by which the server may be called, besides loopback's own and the bound address. */
  allowedHosts: readonly string[];
  /** The address that it is bound to. */
  host: string;
  /** Built files of the page; undefined: a plain page says how to build it. */
  webRoot: string | undefined;
}
