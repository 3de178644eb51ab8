import { z } from "zod";
import { cliProgressSchema } from "../cli.ts";
import { problemSchema, shelfNameSchema } from "./problem.ts";

export const jobKinds = ["start", "harvest", "train", "index"] as const;

/** A long run: a process of its own with a folder of its own. */
export const jobSchema = z
  .object({
    id: z.string(),
    kind: z.enum(jobKinds),
    /** What it does, in a few words. */
    title: z.string(),
    /** died: its process is gone and left neither a result nor an error. */
    state: z.enum(["queued", "running", "done", "failed", "stopped", "died"]),
    created: z.string(),
    /** When the last line of its events was written. */
    updated: z.string(),
    /** The command line that does the same: `lexiscope train --store first …`. */
    command: z.string(),
    pid: z.int().nullable(),
    /** The latest progress, null before the first. */
    progress: z.union([cliProgressSchema, z.null()]),
    error: z.union([problemSchema.shape.error, z.null()]),
    /** The command's own result when it is done. */
    result: z.unknown(),
  })
  .meta({ id: "Job" });
export type Job = z.infer<typeof jobSchema>;

/** GET /api/jobs: the latest first. */
export const jobsSchema = z.object({ jobs: z.array(jobSchema) });
export type Jobs = z.infer<typeof jobsSchema>;

const tokens = z.int().min(2).max(1e12);

/** A name on the models shelf, or `org/name` of the Hugging Face cache, `@revision` if need be: never a path. */
const modelNameSchema = z
  .string()
  .max(1000)
  .regex(
    /^[^./\\\u0000-\u001f\u007f-][^/\\\u0000-\u001f\u007f]*(\/[^./\\\u0000-\u001f\u007f-][^/\\\u0000-\u001f\u007f]*)?$/,
    "a model is asked for by its name, or org/name, never by a path",
  );

/** POST /api/jobs: what the commands of the same names take. */
export const startJobSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("start"),
      name: shelfNameSchema.default("first"),
      tokens: tokens.optional(),
      features: z
        .int()
        .min(1)
        .max(2 ** 24)
        .optional(),
      k: z.int().min(1).max(4096).optional(),
      steps: z.int().min(1).optional(),
    }),
    z.strictObject({
      kind: z.literal("harvest"),
      model: modelNameSchema.optional(),
      sites: z.array(z.string().max(200)).max(64).optional(),
      text: z.array(z.string().max(4096)).max(64).optional(),
      tokens: tokens.optional(),
      context: z.int().min(2).max(65_536).optional(),
      out: shelfNameSchema.optional(),
    }),
    z.strictObject({
      kind: z.literal("train"),
      store: shelfNameSchema,
      site: z.string().max(200).optional(),
      dictionary: shelfNameSchema.optional(),
      recipe: z.enum(["topk", "scaling-monosemanticity"]).optional(),
      preset: z.enum(["default", "short"]).optional(),
      features: z
        .int()
        .min(1)
        .max(2 ** 24)
        .optional(),
      k: z.int().min(1).max(4096).optional(),
      l1: z.number().min(0).max(1e6).optional(),
      tokens: tokens.optional(),
      batch: z
        .int()
        .min(1)
        .max(1 << 20)
        .optional(),
      learningRate: z.number().min(1e-8).max(1).optional(),
      seed: z.int().min(0).optional(),
      baselines: z.boolean().optional(),
    }),
    z.strictObject({
      kind: z.literal("index"),
      dictionary: shelfNameSchema,
      store: shelfNameSchema,
      out: shelfNameSchema.optional(),
      replace: z.boolean().optional(),
    }),
  ])
  .meta({ id: "StartJob" });
export type StartJob = z.input<typeof startJobSchema>;

/** Events of GET /api/jobs/{job}/events (server-sent; `id:` is the byte offset to go on from): `job` whenever its state or progress changes, `line` for each of its own lines, `end` once. */
export const jobEventSchema = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("job"), job: jobSchema }),
    z.object({ type: z.literal("line"), line: z.unknown() }),
    z.object({ type: z.literal("end"), job: jobSchema }),
  ])
  .meta({ id: "JobEvent" });
export type JobEvent = z.infer<typeof jobEventSchema>;

/** GET /api/runs/{job}: what a run recorded. Columns of one phase have one length; null where a number was not there. */
export const runSchema = z
  .object({
    job: jobSchema,
    phases: z.array(
      z.object({
        phase: z.string(),
        unit: z.string(),
        /** Units done at each point, and seconds since the run began. */
        done: z.array(z.number()),
        seconds: z.array(z.number()),
        total: z.number(),
        rate: z.array(z.number()),
        /** loss, fvu, l0, dead, … by name. */
        metrics: z.record(z.string(), z.array(z.number().nullable())),
      }),
    ),
  })
  .meta({ id: "Run" });
export type Run = z.infer<typeof runSchema>;

/** GET /api/runs/{job}/log: the end of what it said to people. */
export const runLogSchema = z.object({ text: z.string(), truncated: z.boolean() }).meta({ id: "RunLog" });
export type RunLog = z.infer<typeof runLogSchema>;
