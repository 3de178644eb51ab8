import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lexiscopeHome } from "@lexiscope/core";
import { serve, type RunningServer } from "@lexiscope/server";
import type { CommandContext } from "../context.ts";
import { openBrowser } from "./open-browser.ts";

export interface ServeOptions {
  host: string;
  port?: number | undefined;
  token?: string | undefined;
  allowHost?: string[] | undefined;
  /** Open a browser on a desktop. */
  open: boolean;
}

/** Starts the server, says where it is, and opens a browser where a person would see it. */
export async function openServer(context: CommandContext, options: ServeOptions): Promise<RunningServer> {
  const { out, colors, json } = context;
  const page = fileURLToPath(new URL("../../../web/dist", import.meta.url));
  const server = await serve({
    host: options.host,
    port: options.port,
    token: options.token ?? process.env["LEXISCOPE_TOKEN"],
    allowedHosts: options.allowHost ?? [],
    home: lexiscopeHome(),
    webRoot: existsSync(page) ? page : undefined,
    entry: fileURLToPath(new URL("../../../../lexiscope", import.meta.url)),
    offline: context.offline,
  });
  out.event({ type: "serving", url: server.url });
  out.print(`Lexiscope is at ${colors.bold(server.url)}`);
  if (server.token !== undefined) out.print(`Token: ${server.token}`);
  if (options.open && !json && (await openBrowser(server.url))) out.print(colors.dim("opened in the browser"));
  return server;
}

/** Serves until Ctrl-C. */
export async function serveUntilStopped({ signal, out, colors }: CommandContext, server: RunningServer): Promise<void> {
  out.print(colors.dim("Ctrl-C ends it."));
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await server.close();
  out.print("The server has ended; `lexiscope serve` opens it again.");
}
