import type { Job } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { formatCount, formatSeconds, formatShort } from "../../parts/format.ts";
import { progressShare, secondsLeft } from "./stages.ts";

/** What a run does now: phase, bar, rate, time left. */
export function Progress({ job }: { job: Job }): ReactElement {
  const { progress, state } = job;
  if (!progress) return <p className="quiet">{state === "queued" ? "Waits until the run before it has ended." : "Starting …"}</p>;
  const share = progressShare(job);
  const left = secondsLeft(job);
  const { phase, done, total, unit, rate, message } = progress;
  const facts = [
    total > 0 ? `${formatCount(done)} of ${formatCount(total)} ${unit}` : done > 0 ? `${formatCount(done)} ${unit}` : "",
    rate > 0 ? `${formatShort(rate)} ${unit}/s` : "",
    left === null ? "" : `about ${formatSeconds(left)} left`,
    message ?? "",
  ].filter((text) => text !== "");
  return (
    <div className="run-progress">
      <span className="run-progress-phase">{phase}</span>
      <progress max={1} value={share ?? undefined} aria-label={`Progress of ${phase}`} />
      <span className="quiet">
        {share === null ? "" : `${Math.floor(100 * share)} % · `}
        {facts.join(" · ")}
      </span>
    </div>
  );
}
