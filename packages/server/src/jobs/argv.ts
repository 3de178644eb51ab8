import type { StartJob, startJobSchema } from "@lexiscope/contract";
import type { z } from "zod";

type JobInput = z.output<typeof startJobSchema>;
type Option = string | number | readonly string[] | undefined;

/** The command line that does what a form asked for: what a person would type after `lexiscope`. */
export function jobArgv(job: JobInput): string[] {
  if (job.kind === "start") {
    const { kind, ...options } = job;
    return [kind, "--no-page", ...flags(options)];
  }
  if (job.kind === "harvest") {
    const { kind, sites, ...options } = job;
    return [kind, ...flags({ ...options, site: sites })];
  }
  if (job.kind === "train") {
    const { kind, learningRate, baselines, ...options } = job;
    return [kind, ...flags({ ...options, lr: learningRate }), ...(baselines === false ? ["--no-baselines"] : [])];
  }
  const { kind, out, replace, ...options } = job;
  return [kind, ...flags({ ...options, atlas: out }), ...(replace === true ? ["--replace"] : [])];
}

/** `--name value`, as a person types it; a value that begins with a dash would be read as an option. */
function flags(options: Record<string, Option>): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    (value === undefined ? [] : Array.isArray(value) ? value : [value]).flatMap((one: string | number) =>
      String(one).startsWith("-") ? [`--${name}=${one}`] : [`--${name}`, String(one)],
    ),
  );
}

/** What the job does, in a few words. */
export function jobTitle(job: StartJob): string {
  if (job.kind === "start") return `Make the atlas “${job.name ?? "first"}”`;
  if (job.kind === "harvest") return job.out === undefined ? "Harvest activations" : `Harvest activations into “${job.out}”`;
  if (job.kind === "train") return `Train ${job.dictionary === undefined ? "a dictionary" : `“${job.dictionary}”`} from “${job.store}”`;
  return `Index “${job.dictionary}”`;
}
