import { fileURLToPath } from "node:url";
import { lexiscopeHome } from "@lexiscope/core";
import { serve } from "@lexiscope/server";

/** The server in a process of its own, so that what measures it does not slow it down. Says its port and its workers. */
const server = await serve({
  port: 0,
  home: lexiscopeHome(),
  entry: fileURLToPath(new URL("../../lexiscope", import.meta.url)),
  offline: true,
});
process.send?.({ url: server.url });
process.on("message", () => process.send?.({ workers: [...server.models.pids().values()] }));
process.on("disconnect", () => void server.close().then(() => process.exit(0)));
