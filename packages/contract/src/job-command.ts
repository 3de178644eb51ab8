import type { z } from "zod";
import type { startJobSchema } from "./http/jobs.ts";

/** The command line of a job. Imports nothing, so that the page can show it as a form is filled in. */
type JobInput = z.output<typeof startJobSchema>;
type Option = string | number | readonly string[] | undefined;

/** The arguments that do what a form asked for: what a person would type after `lexiscope`. */
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

/** What a person would type for these arguments, quoted for a POSIX shell. */
export function commandLine(argv: readonly string[]): string {
  return ["lexiscope", ...argv.map(shellQuoted)].join(" ");
}

/** One word of a POSIX shell, quoted where it must be. */
export function shellQuoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The words of such a line again. */
export function splitCommandLine(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|\\.|[^\s'\\])+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|\\(.)/g, (_, plain, escaped) => plain ?? escaped),
  );
}
