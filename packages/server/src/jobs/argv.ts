import type { StartJob } from "@lexiscope/contract";

export { jobArgv } from "@lexiscope/contract/job-command";

/** What the job does, in a few words. */
export function jobTitle(job: StartJob): string {
  if (job.kind === "start") return `Make the atlas “${job.name ?? "first"}”`;
  if (job.kind === "harvest") return job.out === undefined ? "Harvest activations" : `Harvest activations into “${job.out}”`;
  if (job.kind === "train") return `Train ${job.dictionary === undefined ? "a dictionary" : `“${job.dictionary}”`} from “${job.store}”`;
  return `Index “${job.dictionary}”`;
}
