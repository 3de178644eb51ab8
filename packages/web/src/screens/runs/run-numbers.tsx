import type { Job } from "@lexiscope/contract";
import { sparsityText } from "@lexiscope/contract/sparsity";
import type { ReactElement } from "react";
import { formatCount, formatNumber, formatSeconds, formatShare } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";
import { numberRows, numbersOf } from "./run-result.ts";

/** What the trained dictionary reached on documents held out, beside what is easy to reach, and beside another run's. */
export function RunNumbers({ job, beside }: { job: Job; beside: Job | undefined }): ReactElement | null {
  const own = numbersOf(job.result);
  if (!own) return null;
  const other = beside && numbersOf(beside.result);
  const rows = numberRows(own);
  const otherRows = other && numberRows(other);
  const text = (term: string, value: number | null | undefined): string =>
    value === null || value === undefined ? "–" : term === "dead" ? formatShare(value) : formatNumber(value);
  return (
    <section aria-label="Numbers at the end">
      <h2>At the end, on documents held out</h2>
      <div className="run-table">
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col">this</th>
              {otherRows && <th scope="col">the other</th>}
              <th scope="col">random dictionary</th>
              <th scope="col">principal components</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ term, own: value, random, pca }, i) => (
              <tr key={term}>
                <th scope="row">
                  <TermLabel term={term} />
                </th>
                <td className="run-own">{text(term, value)}</td>
                {otherRows && <td>{text(term, otherRows[i]?.own)}</td>}
                <td>{text(term, random)}</td>
                <td>{text(term, pca)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="quiet">
        {formatCount(own.features)} features, {sparsityText(own)}, {formatCount(own.steps)} steps, {formatCount(own.tokensSeen)} tokens in{" "}
        {formatSeconds(own.seconds)}, at <code>{own.site}</code>; measured on {formatCount(own.metrics.tokens)} tokens.
      </p>
    </section>
  );
}
