import type { Job } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { Link } from "wouter";
import { commandDifferences } from "./run-result.ts";
import { whenText } from "./run-row.tsx";

/** Which line is whose. */
export function CompareKey({ job, beside }: { job: Job; beside: Job }): ReactElement {
  return (
    <p className="run-compare-key">
      <span className="run-0">━ this run</span> <span className="run-1">╍ </span>
      <Link href={`/runs/${encodeURIComponent(beside.id)}?with=${encodeURIComponent(job.id)}`}>
        <bdi>{beside.title}</bdi>, {whenText(beside.created)}
      </Link>
    </p>
  );
}

/** Another run beside this one: which, and in what their commands differ. */
export function RunCompare({
  job,
  beside,
  problem,
  jobs,
  chosen,
  onChoose,
}: {
  job: Job;
  beside: Job | undefined;
  problem: Error | null;
  jobs: readonly Job[];
  chosen: string | undefined;
  onChoose: (id: string | null) => void;
}): ReactElement | null {
  const trains = ({ kind }: Job): boolean => kind === "train" || kind === "start";
  const others = jobs.filter((other) => other.id !== job.id && trains(other));
  if (!trains(job) || (others.length === 0 && chosen === undefined)) return null;
  const differences = beside ? commandDifferences(job.command, beside.command) : [];
  return (
    <section className="run-compare" aria-label="Beside another run">
      <label>
        <h2>Beside</h2>{" "}
        <select value={chosen ?? ""} onChange={({ target }) => onChoose(target.value === "" ? null : target.value)}>
          <option value="">no other run</option>
          {others.map(({ id, title, created, state }) => (
            <option key={id} value={id}>
              {title}, {whenText(created)}, {state}
            </option>
          ))}
        </select>
      </label>
      {problem && <p className="run-problem">{problem.message}</p>}
      {beside && (
        <>
          {differences.length === 0 ? (
            <p className="quiet">Both were started with the same options.</p>
          ) : (
            <div className="run-table">
              <table>
                <thead>
                  <tr>
                    <th scope="col">option</th>
                    <th scope="col">this</th>
                    <th scope="col">the other</th>
                  </tr>
                </thead>
                <tbody>
                  {differences.map(({ option, a, b }) => (
                    <tr key={option}>
                      <th scope="row">{option}</th>
                      <td>{a ?? <span className="quiet">default</span>}</td>
                      <td>{b ?? <span className="quiet">default</span>}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </section>
  );
}
