import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { lexiscopeHome } from "@lexiscope/core";
import { serve } from "@lexiscope/server";

/**
 * The server in a process of its own, so that what measures it does not slow it down. Says its port; asked, its workers
 * and for how long its event loop stood still at most since it was last asked.
 */
const delays = monitorEventLoopDelay({ resolution: 5 });
const server = await serve({
  port: 0,
  home: lexiscopeHome(),
  entry: fileURLToPath(new URL("../../lexiscope", import.meta.url)),
  offline: true,
});
delays.enable();
process.send?.({ url: server.url });
process.on("message", () => {
  const stallMs = delays.max / 1e6;
  delays.reset();
  process.send?.({ workers: [...server.models.pids().values()], stallMs });
});
process.on("disconnect", () => void server.close().then(() => process.exit(0)));
