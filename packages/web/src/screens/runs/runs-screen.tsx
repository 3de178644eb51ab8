import type { Job } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { Link } from "wouter";
import { useStatus } from "../../api/queries.ts";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { useUrlState } from "../../state/url-state.ts";
import { NewRun } from "./new-run.tsx";
import { RunPage } from "./run-page.tsx";
import { RunRow } from "./run-row.tsx";
import { useJobs } from "../../api/jobs.ts";
import { forms, type Kind } from "./start-form.ts";
import "./runs.css";

/** Every long run, or one of them. */
export function RunsScreen({ job }: { job: string | undefined }): ReactElement {
  return job === undefined ? <RunList /> : <RunPage key={job} id={job} />;
}

function RunList(): ReactElement {
  const jobs = useJobs();
  const status = useStatus();
  const [params, setParams] = useUrlState();
  const asked = params.get("new");
  const all: Job[] = jobs.data?.jobs ?? [];
  const kind = asked !== null && asked in forms ? (asked as Kind) : undefined;
  const atlas = status.data?.defaults.atlas ?? null;
  const nothing = jobs.isSuccess && all.length === 0;
  return (
    <div className="runs">
      <header className="runs-head">
        <h1>Runs</h1>
        <button
          type="button"
          aria-expanded={kind !== undefined}
          onClick={() => setParams({ new: kind === undefined ? suggested(atlas) : null })}
        >
          {kind === undefined ? "New run" : "Close the form"}
        </button>
      </header>
      {kind !== undefined && <NewRun kind={kind} given={params} onKind={(next) => setParams({ new: next })} />}
      {jobs.isPending && <Loading what="the runs" />}
      {jobs.isError && <Failed title="The runs could not be read" error={jobs.error} retry={() => void jobs.refetch()} />}
      {nothing && kind === undefined && (
        <Empty title="Nothing has been run from here">
          <p>
            A run harvests activations, trains a dictionary or indexes it. It goes on when this page is closed, and is found again when the
            server starts anew.
          </p>
          <p className="runs-first">
            <button type="button" className="primary" onClick={() => setParams({ new: suggested(atlas) })}>
              {atlas === null ? "Make the first atlas" : "New run"}
            </button>
          </p>
        </Empty>
      )}
      {all.length > 0 && (
        <ul className="runs-list">
          {all.map((job) => (
            <RunRow key={job.id} job={job} />
          ))}
        </ul>
      )}
      {status.data?.defaults.atlas === null && all.length > 0 && (
        <p className="quiet runs-hint">
          There is no atlas yet; until one is made, <Link href="/chat">Chat</Link> works with the model as it is.
        </p>
      )}
    </div>
  );
}

function suggested(atlas: string | null): Kind {
  return atlas === null ? "start" : "train";
}
