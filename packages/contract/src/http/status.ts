import { z } from "zod";
import { modelIdentitySchema } from "../manifests.ts";
import { problemSchema } from "./problem.ts";

/** GET /api/status */
export const statusSchema = z
  .object({
    software: z.string(),
    /** The path of the kernels and the threads that they use; null until a model has been opened. */
    cpu: z.object({ path: z.string(), threads: z.int(), model: z.string() }).nullable(),
    home: z.string(),
    /** What the page shows first: names on the shelves, null while there is none. */
    defaults: z.object({ model: z.string().nullable(), atlas: z.string().nullable() }),
    /** The job that makes the first atlas, while it is there. */
    firstJob: z.string().nullable(),
    /** A token is asked for (the server can be reached from other machines). */
    signIn: z.boolean(),
  })
  .meta({ id: "Status" });
export type Status = z.infer<typeof statusSchema>;

/** A model that can be asked. It runs in a process of its own, opened on first use. */
export const modelEntrySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    builtIn: z.boolean(),
    /** closed: opened when first asked · failed: `error` says why; asking again tries again. */
    state: z.enum(["closed", "opening", "open", "failed"]),
    error: z.union([problemSchema.shape.error, z.null()]),
    /** Below: null until it has been open once. */
    identity: z.union([modelIdentitySchema, z.null()]),
    context: z.int().nullable(),
    /** Bytes of memory that its weights take. */
    bytes: z.number().nullable(),
    chat: z.boolean().nullable(),
    /** Requests at work and waiting. */
    running: z.int(),
    waiting: z.int(),
  })
  .meta({ id: "Model" });
export type ModelEntry = z.infer<typeof modelEntrySchema>;

/** GET /api/models */
export const modelsSchema = z.object({ models: z.array(modelEntrySchema) });
export type Models = z.infer<typeof modelsSchema>;
