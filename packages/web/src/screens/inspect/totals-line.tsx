import type { InspectResponse } from "@lexiscope/contract";
import type { ReactElement, ReactNode } from "react";
import { formatCount, formatNumber } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";
import { totalsOf } from "./totals.ts";

/** The numbers of the whole text. */
export function TotalsLine({ answer, children }: { answer: InspectResponse; children: ReactNode }): ReactElement {
  const { tokens, leftOut, error, l0, rate } = totalsOf(answer);
  return (
    <div className="inspect-totals">
      <span>
        <b>{formatCount(tokens)}</b> {tokens === 1 ? "token" : "tokens"}
        {leftOut > 0 && <span className="quiet"> ({formatCount(leftOut)} left out)</span>}
      </span>
      <span>
        <TermLabel term="errorShare" /> <b>{error === null ? "–" : `${formatNumber(100 * error)} %`}</b>
      </span>
      <span>
        <TermLabel term="l0" /> <b>{l0 === null ? "–" : formatNumber(l0)}</b>
      </span>
      <span className="quiet">
        {formatNumber(answer.milliseconds)} ms{rate !== null && `, ${formatNumber(rate)} tokens/s`}
      </span>
      <span className="inspect-exports">{children}</span>
    </div>
  );
}
