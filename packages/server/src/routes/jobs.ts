import { z } from "@hono/zod-openapi";
import { jobSchema, jobsSchema, startJobSchema } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { listJobs, readJob, removeJob } from "@lexiscope/jobs";
import type { ServerContext } from "../context.ts";
import { eventStream } from "../event-stream.ts";
import { jobArgv, jobTitle } from "../jobs/argv.ts";
import { jobEvents } from "../jobs/events.ts";
import { findModel } from "../models/known-models.ts";
import { type App, defineRoute, eventResponse, jsonBody, jsonResponse } from "../route.ts";

const tags = ["Jobs"];
export const jobParams = z.object({ job: z.string().min(1).max(100) });

const list = defineRoute({
  method: "get",
  path: "/api/jobs",
  tags,
  summary: "Long runs, the latest first",
  responses: { 200: jsonResponse(jobsSchema, "Jobs") },
});
const start = defineRoute({
  method: "post",
  path: "/api/jobs",
  tags,
  summary: "Start a long run, or queue it behind the one that runs",
  request: { body: jsonBody(startJobSchema) },
  responses: { 201: jsonResponse(jobSchema, "The job") },
});
const get = defineRoute({
  method: "get",
  path: "/api/jobs/{job}",
  tags,
  summary: "One job",
  request: { params: jobParams },
  responses: { 200: jsonResponse(jobSchema, "The job") },
});
const remove = defineRoute({
  method: "delete",
  path: "/api/jobs/{job}",
  tags,
  summary: "Forget a job that has ended; what it made stays",
  request: { params: jobParams },
  responses: { 204: { description: "It is forgotten" } },
});
const stop = defineRoute({
  method: "post",
  path: "/api/jobs/{job}/stop",
  tags,
  summary: "Stop a job as Ctrl-C does; answers when it has ended",
  request: { params: jobParams },
  responses: { 200: jsonResponse(jobSchema, "The job") },
});
const resume = defineRoute({
  method: "post",
  path: "/api/jobs/{job}/resume",
  tags,
  summary: "Go on with a job that was stopped, failed or died",
  request: { params: jobParams },
  responses: { 200: jsonResponse(jobSchema, "The job") },
});
const events = defineRoute({
  method: "get",
  path: "/api/jobs/{job}/events",
  tags,
  summary: "Follow a job as server-sent events",
  description:
    "Every line of the job from the first on, or from `Last-Event-ID` on (its `id:`), then each as it is written; ends with `end`. A failure comes as an event of the name `problem`.",
  request: { params: jobParams, headers: z.object({ "last-event-id": z.string().optional() }) },
  responses: { 200: eventResponse("JobEvent", "Job events") },
});

export function jobsRoutes(app: App, context: ServerContext): void {
  const { jobs, home } = context;
  app.openapi(list, async (c) => c.json({ jobs: await listJobs({ home }) }, 200));
  app.openapi(start, async (c) => {
    const asked = c.req.valid("json");
    if (asked.kind === "harvest" && asked.model !== undefined) await findModel(asked.model); // the command itself would take a path, too
    return c.json(await jobs.start({ kind: asked.kind, argv: jobArgv(asked), title: jobTitle(asked) }), 201);
  });
  app.openapi(get, async (c) => c.json(await readJob(c.req.valid("param").job, { home }), 200));
  app.openapi(remove, async (c) => {
    await removeJob(c.req.valid("param").job, { home });
    return c.body(null, 204);
  });
  app.openapi(stop, async (c) => c.json(await jobs.stop(c.req.valid("param").job), 200));
  app.openapi(resume, async (c) => c.json(await jobs.resume(c.req.valid("param").job), 200));
  app.openapi(events, async (c) => {
    const { job } = c.req.valid("param");
    const from = offsetOf(c.req.valid("header")["last-event-id"]);
    await readJob(job, { home }); // what is not there is said by status, not in the stream
    return eventStream(c, context, (send, signal) => jobEvents({ id: job, home, from, signal }, send), {
      failure: (error) => ({ event: "problem", data: { error } }),
    });
  });
}

function offsetOf(lastEventId: string | undefined): number {
  if (lastEventId === undefined || lastEventId === "") return 0;
  const offset = /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : Number.NaN;
  if (Number.isNaN(offset))
    throw new LexiscopeError("invalid_input", "Last-Event-ID is no byte offset", {
      field: "last-event-id",
      hint: "send the `id:` of the last event",
    });
  return offset;
}
