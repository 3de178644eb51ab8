import type { Job } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { Link } from "wouter";
import { hasEnded } from "../../api/jobs.ts";
import { useStatus } from "../../api/queries.ts";
import { atlasOf } from "./run-result.ts";

/** What is happening while the first atlas is being made, and what can be done meanwhile; the way to it when it is there. */
export function FirstAtlas({ job }: { job: Job }): ReactElement | null {
  const status = useStatus();
  const made = job.state === "done" ? (atlasOf(job.kind, job.result) ?? status.data?.defaults.atlas ?? null) : null;
  if (made !== null)
    return (
      <p className="run-first ready" role="status">
        <b>The atlas is ready.</b>{" "}
        <Link href={`/atlas/${encodeURIComponent(made)}`} className="button primary">
          Open <bdi>{made}</bdi>
        </Link>
      </p>
    );
  if (hasEnded(job)) return null;
  const first = (status.data?.defaults.atlas ?? null) === null;
  return (
    <div className="run-first">
      <p>
        <b>{first ? "Your first atlas is being made." : "An atlas is being made."}</b> The model reads text, a dictionary learns which
        directions its activations are made of, and every one of them gets its examples. It goes on when this page is closed.
      </p>
      <p className="quiet">
        Meanwhile: <Link href="/chat">Chat</Link> works with the model as it is
        {first && (
          <>
            , and <Link href="/inspect">Inspect</Link> shows the tokens that it reads
          </>
        )}
        . What the numbers mean is in <Link href="/learn">Learn</Link>.
      </p>
    </div>
  );
}
