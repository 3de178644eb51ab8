import { type AnyCommand, createCommand } from "../command.ts";
import { runCommand } from "../context.ts";
import { count, several } from "../options.ts";
import { openServer, serveUntilStopped, type ServeOptions } from "../serve/open-server.ts";

export function serveCommand(): AnyCommand {
  return createCommand("serve", "The page and the HTTP API on this machine: look, chat, steer, train.", [
    ["on this machine alone", "lexiscope serve"],
    ["for other machines too: a token is then asked for", "LEXISCOPE_TOKEN=… lexiscope serve --host 0.0.0.0"],
  ])
    .option("--host <address>", "address to listen on; any other than loopback needs a token", "127.0.0.1")
    .option("--port <n>", "port (default: 4873, or the next free one)", count("--port", { min: 0, max: 65_535 }))
    .option("--token <token>", "asked for on every request (better: LEXISCOPE_TOKEN, which no process list shows)")
    .option("--allow-host <name>", "a host name by which the server may be called, behind a proxy; may be given several times", several)
    .option("--no-open", "do not open a browser")
    .action((options) => runCommand(options, (context) => serve(context, options)));
}

async function serve(context: Parameters<typeof openServer>[0], options: ServeOptions): Promise<void> {
  context.onStop("`lexiscope serve` opens it again; jobs that run go on by themselves");
  const server = await openServer(context, options);
  await serveUntilStopped(context, server);
}
