import { useMemo, type ReactElement } from "react";
import { formatNumber, formatShare, formatShort } from "../../parts/format.ts";
import type { TermId } from "../../parts/glossary.ts";
import { TermLabel } from "../../parts/number.tsx";
import { Chart } from "./chart.tsx";
import { align, lastValue, type Curve } from "./curves.ts";

interface Panel {
  metric: string;
  term: TermId;
  format: (value: number) => string;
}

const panels: Panel[] = [
  { metric: "loss", term: "loss", format: formatNumber },
  { metric: "fvu", term: "fvu", format: formatNumber },
  { metric: "l0", term: "l0", format: formatNumber },
  { metric: "l1", term: "l1", format: formatNumber },
  { metric: "lambda", term: "lambda", format: formatNumber },
  { metric: "dead", term: "dead", format: (value) => formatNumber(value, 6) },
  { metric: "rate", term: "tokensPerSecond", format: formatShort },
];

/** The curves of training over tokens, of one run or of two. */
export function RunCharts({
  runs,
  names,
  features,
}: {
  runs: readonly (Curve | undefined)[];
  names: readonly string[];
  /** Widths of the dictionaries, for the share that is dead. */
  features: readonly (number | null)[];
}): ReactElement {
  const shown = panels.filter(({ metric }) => runs.some((curve) => lastValue(curve, metric) !== null));
  return (
    <div className="run-charts">
      {shown.map((panel) => (
        <ChartPanel key={panel.metric} panel={panel} runs={runs} names={names} features={features} />
      ))}
    </div>
  );
}

function ChartPanel({
  panel: { metric, term, format },
  runs,
  names,
  features,
}: {
  panel: Panel;
  runs: readonly (Curve | undefined)[];
  names: readonly string[];
  features: readonly (number | null)[];
}): ReactElement {
  const data = useMemo(() => align(runs, metric), [runs, metric]);
  const values = runs.map((curve) => lastValue(curve, metric));
  const unit = runs.find((curve) => curve !== undefined)?.unit ?? "";
  const text = (value: number | null | undefined): string => (value === null || value === undefined ? "–" : format(value));
  const said = names.map((name, i) => `${names.length > 1 ? `${name}: ` : ""}${text(values[i])}`).join(", ");
  return (
    <figure className="run-chart">
      <figcaption>
        <TermLabel term={term} />
        <span className="run-chart-values">
          {values.map((value, i) => (
            <span key={i} className={`run-chart-value run-${i}`}>
              {text(value)}
              {metric === "dead" && <DeadShare dead={value} features={features[i] ?? null} />}
            </span>
          ))}
        </span>
      </figcaption>
      <Chart data={data} label={`${metric} over ${unit}, last ${said}`} format={format} unit={unit} />
    </figure>
  );
}

function DeadShare({ dead, features }: { dead: number | null; features: number | null }): ReactElement | null {
  return dead === null || features === null ? null : <span className="quiet"> ({formatShare(dead / Math.max(1, features))})</span>;
}
