import type { FeatureDetail } from "@lexiscope/contract";
import type { ReactElement } from "react";
import { formatCount, formatNumber } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";
import { binsByInterval, intervalName } from "./example-groups.ts";

/** How often it fires how strongly. Each interval is a button that shows its examples. */
export function ActivationHistogram({
  detail,
  interval,
  choose,
}: {
  detail: FeatureDetail;
  interval: number | undefined;
  choose: (interval: number | undefined) => void;
}): ReactElement {
  const { intervals, maximum, histogram } = detail;
  const bins = binsByInterval(detail);
  const most = Math.max(1, ...histogram.counts);
  return (
    <section aria-labelledby="histogram-title">
      <h2 id="histogram-title">
        <TermLabel term="intervals" />
      </h2>
      <div className="bands">
        <span className="bands-most quiet" title="Tokens in the fullest bar">
          {formatCount(most)}
        </span>
        {bins.map((counts, i) => {
          const tokens = counts.reduce((sum, count) => sum + count, 0);
          const says = `${intervalName(i, intervals)} of the maximum (${formatNumber((i / intervals) * maximum)} to ${formatNumber(((i + 1) / intervals) * maximum)}): ${formatCount(tokens)} ${tokens === 1 ? "token" : "tokens"}`;
          return (
            <button
              key={i}
              type="button"
              className="band"
              aria-pressed={interval === i}
              aria-label={says}
              title={says}
              disabled={tokens === 0}
              onClick={() => choose(interval === i ? undefined : i)}
            >
              {counts.map((count, bin) => (
                <span key={bin} style={{ height: count === 0 ? 0 : `${Math.max(3, (100 * Math.log1p(count)) / Math.log1p(most))}%` }} />
              ))}
            </button>
          );
        })}
      </div>
      <div className="bands-axis quiet" aria-hidden="true">
        <span>0</span>
        <span>{formatNumber(maximum / 2)}</span>
        <span>{formatNumber(maximum)}</span>
      </div>
    </section>
  );
}
