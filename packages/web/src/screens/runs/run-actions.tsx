import type { Job } from "@lexiscope/contract";
import { useState, type ReactElement } from "react";
import { useLocation } from "wouter";
import { hasEnded } from "../../api/jobs.ts";
import { useJobAction } from "./runs-api.ts";

/** Stop, resume, delete; what cannot be taken back is asked once more, in place. */
export function RunActions({ job }: { job: Job }): ReactElement {
  const [sure, setSure] = useState<"stop" | "delete">();
  const [, navigate] = useLocation();
  const stop = useJobAction(job.id, "stop");
  const resume = useJobAction(job.id, "resume");
  const remove = useJobAction(job.id, "delete");
  const problem = stop.error ?? resume.error ?? remove.error;
  const busy = stop.isPending || resume.isPending || remove.isPending;
  const resumable = job.state === "stopped" || job.state === "failed" || job.state === "died";
  const confirm = (): void => {
    if (sure === "stop") stop.mutate();
    if (sure === "delete") remove.mutate(undefined, { onSuccess: () => navigate("/runs") });
    setSure(undefined);
  };
  return (
    <span className="run-actions">
      {sure !== undefined ? (
        <span role="group" aria-label={sure === "stop" ? "Stop the run?" : "Delete the run?"}>
          <span className="quiet">
            {sure === "stop" ? "What is done is kept and can be gone on from." : "Its record goes; what it made stays."}
          </span>{" "}
          <button type="button" autoFocus onClick={confirm}>
            {sure === "stop" ? "Stop it" : "Delete it"}
          </button>{" "}
          <button type="button" className="plain" onClick={() => setSure(undefined)}>
            Cancel
          </button>
        </span>
      ) : (
        <>
          {!hasEnded(job) && (
            <button type="button" disabled={busy} onClick={() => setSure("stop")}>
              {stop.isPending ? "Stopping …" : "Stop"}
            </button>
          )}
          {resumable && (
            <button type="button" className={job.state === "failed" ? "" : "primary"} disabled={busy} onClick={() => resume.mutate()}>
              Resume
            </button>
          )}
          {hasEnded(job) && (
            <button type="button" disabled={busy} onClick={() => setSure("delete")}>
              Delete
            </button>
          )}
        </>
      )}
      {problem && (
        <span className="run-problem" role="alert">
          {problem.message}
        </span>
      )}
    </span>
  );
}
