import type { Job } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { Link } from "wouter";
import { hasEnded, useJobs } from "../api/jobs.ts";
import { useStatus } from "../api/queries.ts";

/** Whether the server answers, and what it is busy with. */
export function ServerState(): ReactElement {
  const status = useStatus();
  const jobs = useJobs().data?.jobs.filter((job) => !hasEnded(job)) ?? [];
  const [job] = jobs;
  if (status.isError)
    return (
      <span className="server bad" role="status" title={status.error.message}>
        <span aria-hidden="true">✕</span> no answer
      </span>
    );
  if (!job)
    return (
      <span className="server quiet" role="status" title={status.data ? `lexiscope ${status.data.software} answers` : "asking the server"}>
        <span className={`server-dot${status.data ? " on" : ""}`} aria-hidden="true" />
        <span className="visually-hidden">{status.data ? "The server answers" : "Asking the server"}</span>
      </span>
    );
  return (
    <Link className="server busy" href={jobs.length === 1 ? `/runs/${encodeURIComponent(job.id)}` : "/runs"} title={job.title}>
      <span className="server-dot on" aria-hidden="true" />
      <span className="server-words">{jobs.length > 1 ? `${jobs.length} runs` : jobWords(job)}</span>
    </Link>
  );
}

/** `train 43 %`; without a known end only what it does. */
export function jobWords({ kind, state, progress }: Pick<Job, "kind" | "state" | "progress">): string {
  if (state === "queued") return `${kind} waits`;
  if (progress === null) return kind;
  if (progress.total <= 0) return progress.phase;
  return `${progress.phase} ${Math.floor((100 * Math.min(progress.done, progress.total)) / progress.total)} %`;
}
