import type { Job } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { formatSeconds } from "../../parts/format.ts";
import type { Curve } from "./curves.ts";
import { stages } from "./stages.ts";

const says: Record<string, string> = {
  harvest: "the model reads, its activations are kept",
  train: "a dictionary learns from them",
  index: "examples of every feature are found",
  look: "a first look, and a try at steering",
};

/** Harvest → train → index: done, now, to come. */
export function Timeline({ job, curves }: { job: Job; curves: readonly Curve[] }): ReactElement | null {
  const all = stages(job, curves);
  if (all.length < 2) return null;
  return (
    <ol className="run-timeline">
      {all.map(({ name, state, seconds, share }) => (
        <li key={name} className={state} aria-current={state === "current" ? "step" : undefined}>
          <span className="run-timeline-name">
            {state === "done" ? "✓ " : ""}
            {name}
            {seconds > 0 && <span className="quiet"> {formatSeconds(seconds)}</span>}
          </span>
          <span className="run-timeline-bar">
            <span style={{ inlineSize: `${100 * (state === "done" ? 1 : state === "current" ? (share ?? 0) : 0)}%` }} />
          </span>
          <span className="run-timeline-says quiet">{says[name]}</span>
        </li>
      ))}
    </ol>
  );
}
