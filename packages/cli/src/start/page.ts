import { type CliProgress, type Job, type StartResult, cliProgressSchema, startResultSchema } from "@lexiscope/contract";
import type { ProgressEvent } from "@lexiscope/core";
import { commandLine, followJob, listJobs, readJob } from "@lexiscope/jobs";
import { resolveModel } from "@lexiscope/model";
import type { RunningServer } from "@lexiscope/server";
import type { CommandContext } from "../context.ts";
import { asWork } from "../look/session.ts";
import { openServer, serveUntilStopped } from "../serve/open-server.ts";
import { type StartPlan, planArguments } from "./plan.ts";
import { startReport } from "./report.ts";

export interface StartPageOptions {
  port: number | undefined;
  open: boolean;
  /** The report of a start that was finished before. */
  known(): Promise<StartResult | undefined>;
}

/** Opens the page at once; what is missing is made by a job that the page and this terminal both follow. */
export async function startPage(context: CommandContext, plan: StartPlan, options: StartPageOptions): Promise<void> {
  const { out, colors, signal, offline, onStop } = context;
  onStop("run the same command again; it goes on where it stopped");
  await out.progress(asWork((onProgress) => resolveModel(plan.model, { offline, signal, onProgress })));
  const server = await openServer(context, { host: "127.0.0.1", port: options.port, open: options.open });
  try {
    const known = await options.known();
    const result = known ?? (await makeByJob(context, plan, server));
    if (result) {
      out.print(`\n${startReport(result, colors)}\n`);
      out.result(result);
    }
  } catch (error) {
    if (!signal.aborted) await server.close();
    if (!signal.aborted) throw error;
  }
  await serveUntilStopped(context, server);
  if (signal.aborted) await sayWhatGoesOn(context, plan);
}

/** Follows the job that makes the first atlas, begun now, begun before, or gone on with. */
async function makeByJob({ out, signal }: CommandContext, plan: StartPlan, server: RunningServer): Promise<StartResult | undefined> {
  const before = await jobOf(plan);
  const title = `make ${plan.name}: harvest, train, index`;
  const job =
    before === undefined
      ? await server.jobs.start({ kind: "start", argv: planArguments(plan), title })
      : isActive(before)
        ? before
        : await server.jobs.resume(before.id);
  out.print(`The first atlas is being made; watch it at ${server.url}/runs/${job.id}\nThe chat works already: ${server.url}/chat`);
  for await (const { line } of followJob(job.id, { signal })) {
    const progress = cliProgressSchema.safeParse(parseLine(line));
    if (progress.success) out.show(withNumbers(progress.data));
  }
  out.settle();
  const ended = await readJob(job.id);
  if (ended.state === "done") return startResultSchema.safeParse(ended.result).data;
  if (!signal.aborted) {
    out.note(`The run ${ended.state}${ended.error ? `: ${ended.error.message}` : ""}.`);
    out.note(ended.error?.hint ?? "Resume it on the Runs screen, or run the same command again.");
  }
  return undefined;
}

/** The latest job of the same plan that is not done. */
async function jobOf(plan: StartPlan): Promise<Job | undefined> {
  const wanted = commandLine(planArguments(plan));
  const jobs = await listJobs();
  return jobs.find(({ state, command }) => state !== "done" && command === wanted);
}

function isActive({ state }: Job): boolean {
  return state === "running" || state === "queued";
}

async function sayWhatGoesOn({ out }: CommandContext, plan: StartPlan): Promise<void> {
  const job = await jobOf(plan);
  if (job && isActive(job)) out.print("The first atlas is still being made, by a process of its own; `lexiscope start` shows it again.");
}

/** JSON has no NaN: a metric that was none came as null. */
function withNumbers({ metrics, message, ...event }: CliProgress): ProgressEvent {
  return {
    ...event,
    ...(message === undefined ? {} : { message }),
    ...(metrics === undefined
      ? {}
      : { metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? Number.NaN])) }),
  };
}

/** A line of the job's events; undefined for one that is no JSON. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
