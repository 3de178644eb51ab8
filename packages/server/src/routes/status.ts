import { type AtlasEntry, type Job, type Status, statusSchema } from "@lexiscope/contract";
import { version } from "@lexiscope/core";
import { listJobs } from "@lexiscope/jobs";
import { builtInIfPresent, builtInModel } from "@lexiscope/model";
import type { ServerContext } from "../context.ts";
import { type App, defineRoute, jsonResponse } from "../route.ts";

const get = defineRoute({
  method: "get",
  path: "/api/status",
  tags: ["Status"],
  summary: "What runs here, and what the page shows first",
  responses: { 200: jsonResponse(statusSchema, "Status") },
});

export function statusRoutes(app: App, context: ServerContext): void {
  app.openapi(get, async (c) => c.json(await describeStatus(context), 200));
}

async function describeStatus({ home, atlases, models, options }: ServerContext): Promise<Status> {
  const entries = await atlases.list();
  const atlas = defaultAtlas(entries);
  return {
    software: version,
    cpu: models.cpu(),
    home,
    defaults: { model: await defaultModel(models), atlas },
    firstJob: firstJob(await listJobs({ home }), atlas !== null)?.id ?? null,
    signIn: options.token !== undefined,
  };
}

/** The one that the first start makes, else the first in order. */
function defaultAtlas(entries: readonly AtlasEntry[]): string | null {
  const readable = entries.filter(({ error }) => error === null);
  return (readable.find(({ id }) => id === "first") ?? readable[0])?.id ?? null;
}

async function defaultModel(models: ServerContext["models"]): Promise<string | null> {
  if (await builtInIfPresent()) return builtInModel.name;
  return (await models.known()).find(({ builtIn }) => !builtIn)?.id ?? null;
}

/** One that is at work; while there is no atlas also the last one that failed, so that the page can say why. */
function firstJob(jobs: readonly Job[], made: boolean): Job | undefined {
  const starts = jobs.filter(({ kind }) => kind === "start");
  return (
    starts.find(({ state }) => state === "running" || state === "queued") ??
    (made ? undefined : starts.find(({ state }) => state !== "done"))
  );
}
