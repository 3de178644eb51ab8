import type { Job } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { Link } from "wouter";
import { Progress } from "./progress.tsx";
import { resultSummary } from "./run-result.ts";

export const stateNames = {
  queued: "waiting",
  running: "running",
  done: "done",
  failed: "failed",
  stopped: "stopped",
  died: "died",
} as const satisfies Record<Job["state"], string>;

const marks = { queued: "◌", running: "▶", done: "✓", failed: "✕", stopped: "■", died: "✕" } as const;

export function StateBadge({ state }: { state: Job["state"] }): ReactElement {
  return (
    <span className={`run-state ${state}`}>
      <span aria-hidden="true">{marks[state]}</span> {stateNames[state]}
    </span>
  );
}

/** A run in the list: what it is, where it stands. */
export function RunRow({ job }: { job: Job }): ReactElement {
  const { id, kind, title, state, created, error, result } = job;
  return (
    <li className="run-row">
      <Link href={`/runs/${encodeURIComponent(id)}`} className="run-title">
        <bdi>{title}</bdi>
      </Link>
      <StateBadge state={state} />
      <time className="quiet" dateTime={created}>
        {whenText(created)}
      </time>
      <div className="run-row-more">
        {(state === "running" || state === "queued") && <Progress job={job} />}
        {state === "done" && <p className="quiet run-summary">{resultSummary(kind, result)}</p>}
        {error && <p className="run-error">{error.message}</p>}
      </div>
    </li>
  );
}

export function whenText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "";
  const sameDay = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(
    "en-GB",
    sameDay ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  );
}
