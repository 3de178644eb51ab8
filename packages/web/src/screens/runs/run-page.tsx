import type { Job } from "@lexiscope/contract";
import { Suspense, lazy, useMemo, type ReactElement } from "react";
import { Link } from "wouter";
import { CopyButton } from "../../parts/copy-button.tsx";
import { formatShort } from "../../parts/format.ts";
import { Failed, Loading } from "../../parts/states.tsx";
import { useUrlState } from "../../state/url-state.ts";
import { fresher, type Curve } from "./curves.ts";
import { FirstAtlas } from "./first-atlas.tsx";
import { Progress } from "./progress.tsx";
import { RunActions } from "./run-actions.tsx";
import { CompareKey, RunCompare } from "./run-compare.tsx";
import { RunLogView } from "./run-log.tsx";
import { RunNumbers } from "./run-numbers.tsx";
import { atlasIndexedFrom, atlasOf, numbersOf, shelfName } from "./run-result.ts";
import { StateBadge, whenText } from "./run-row.tsx";
import { hasEnded, useJobs } from "../../api/jobs.ts";
import { useAtlases } from "../../api/queries.ts";
import { useRun } from "./runs-api.ts";
import { Timeline } from "./timeline.tsx";
import { useFollow } from "./use-follow.ts";

const RunCharts = lazy(async () => ({ default: (await import("./run-charts.tsx")).RunCharts }));

const trainPhase = (curves: readonly Curve[]): Curve | undefined => curves.find(({ phase }) => phase === "train");

/** One run: where it stands, its curves, its numbers, its log; and beside it another, when one is chosen. */
export function RunPage({ id }: { id: string }): ReactElement {
  const run = useRun(id);
  const [params, setParams] = useUrlState();
  const other = params.get("with") ?? undefined;
  const beside = useRun(other);
  const jobs = useJobs();
  const live = run.data !== undefined && !hasEnded(run.data.job);
  const { followed, connected } = useFollow(id, live);
  const curves = fresher(run.data?.phases ?? [], followed.curves);
  const train = trainPhase(curves);
  const besideTrain = beside.data && trainPhase(beside.data.phases);
  const shown = useMemo(() => (besideTrain ? [train, besideTrain] : [train]), [train, besideTrain]);
  if (run.isPending) return <Loading what="the run" />;
  if (run.isError) return <Failed title="This run could not be opened" error={run.error} retry={() => void run.refetch()} />;
  const job: Job = (live ? followed.job : null) ?? run.data.job;
  const { title, state, created, command, error, result } = job;
  const widths = [run.data, beside.data].map((one) => (one ? (numbersOf(one.job.result)?.features ?? null) : null));
  const atlas = atlasOf(job.kind, result);
  return (
    <div className="runs run">
      <p className="run-back">
        <Link href="/runs">← All runs</Link>
      </p>
      <header className="runs-head">
        <h1>
          <bdi>{title}</bdi>
        </h1>
        <StateBadge state={state} />
        <time className="quiet" dateTime={created}>
          {whenText(created)}
        </time>
        <RunActions job={job} />
      </header>
      {job.kind === "start" && <FirstAtlas job={job} />}
      {!connected && live && (
        <p className="run-lost" role="status">
          The server does not answer; the run goes on without it. Trying again …
        </p>
      )}
      {error && (
        <div className="run-failed" role="alert">
          <p>{error.message}</p>
          {error.hint !== undefined && <p className="quiet">{error.hint}</p>}
        </div>
      )}
      {state === "done" && atlas !== null && job.kind === "index" && (
        <p>
          The atlas is ready:{" "}
          <Link href={`/atlas/${encodeURIComponent(atlas)}`}>
            open <bdi>{atlas}</bdi>
          </Link>
        </p>
      )}
      <Timeline job={job} curves={curves} />
      {live && <Progress job={job} />}
      <NextStep job={job} jobs={jobs.data?.jobs ?? []} />
      {beside.data && <CompareKey job={job} beside={beside.data.job} />}
      {(train || besideTrain) && (
        <Suspense fallback={<Loading what="the curves" />}>
          <RunCharts runs={shown} names={besideTrain ? [title, beside.data.job.title] : [title]} features={widths} />
        </Suspense>
      )}
      {!train && !live && curves.length > 0 && (
        <p className="quiet">
          {curves.map(({ phase, rate, unit }) => `${phase}: ${formatShort(rate.at(-1) ?? 0)} ${unit}/s at the end`).join(" · ")}
        </p>
      )}
      <RunNumbers job={job} beside={beside.data?.job} />
      <RunCompare
        job={job}
        beside={beside.data?.job}
        problem={beside.error}
        jobs={jobs.data?.jobs ?? []}
        chosen={other}
        onChoose={(next) => setParams({ with: next })}
      />
      <section className="run-command" aria-label="Command">
        <h2>Command</h2>
        <code>{command}</code>
        <CopyButton text={command}>Copy</CopyButton>
      </section>
      <RunLogView job={id} live={live} />
    </div>
  );
}

/** What is done with what a run has made. */
function NextStep({ job, jobs }: { job: Job; jobs: readonly Job[] }): ReactElement | null {
  const atlases = useAtlases();
  const { kind, state, result } = job;
  if (state !== "done" || typeof result !== "object" || result === null || !("path" in result)) return null;
  const name = shelfName(result.path);
  if (name === null) return null;
  if (kind === "harvest")
    return (
      <p>
        Next: <Link href={`/runs?new=train&store=${encodeURIComponent(name)}`}>train a dictionary on it</Link>
      </p>
    );
  if (kind !== "train") return null;
  const atlas = atlasIndexedFrom(job, jobs);
  if (atlas !== null && atlases.data?.atlases.some(({ id }) => id === atlas))
    return (
      <p>
        Indexed: <Link href={`/atlas/${encodeURIComponent(atlas)}`}>open the atlas</Link> <bdi>{atlas}</bdi>
      </p>
    );
  return (
    <p>
      Next: <Link href={`/runs?new=index&dictionary=${encodeURIComponent(name)}`}>index it into an atlas</Link>
    </p>
  );
}
