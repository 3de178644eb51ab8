import { z } from "@hono/zod-openapi";
import { runLogSchema, runSchema } from "@lexiscope/contract";
import { curves, readJob, readLog } from "@lexiscope/jobs";
import type { ServerContext } from "../context.ts";
import { type App, defineRoute, jsonResponse } from "../route.ts";
import { jobParams } from "./jobs.ts";

const tags = ["Runs"];
/** More than a log has that is read from its end; the page asks for less. */
const maxLogBytes = 2 ** 20;

const get = defineRoute({
  method: "get",
  path: "/api/runs/{job}",
  tags,
  summary: "What a run recorded: its curves by phase",
  request: { params: jobParams },
  responses: { 200: jsonResponse(runSchema, "Curves") },
});
const log = defineRoute({
  method: "get",
  path: "/api/runs/{job}/log",
  tags,
  summary: "The end of what a run said to people",
  request: { params: jobParams, query: z.object({ bytes: z.coerce.number().int().min(1).max(maxLogBytes).default(maxLogBytes) }) },
  responses: { 200: jsonResponse(runLogSchema, "The log") },
});

export function runsRoutes(app: App, { home }: ServerContext): void {
  app.openapi(get, async (c) => {
    const { job } = c.req.valid("param");
    return c.json({ job: await readJob(job, { home }), phases: await curves(job, { home }) }, 200);
  });
  app.openapi(log, async (c) => c.json(await readLog(c.req.valid("param").job, { home, bytes: c.req.valid("query").bytes }), 200));
}
