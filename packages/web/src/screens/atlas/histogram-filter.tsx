import type { Histogram } from "@lexiscope/contract";
import { useEffect, useId, useRef, useState, type PointerEvent, type ReactElement } from "react";
import { useHistogram } from "../../api/queries.ts";
import { formatCount, formatNumber, formatShare } from "../../parts/format.ts";
import { TermLabel } from "../../parts/number.tsx";
import { countInSpan, rangeOfSpan, spanOfDrag, spanOfRange, type Span } from "./brush.ts";
import type { Range, RangeColumn } from "./list-view.ts";

export interface HistogramFilterProps {
  atlas: string;
  column: RangeColumn;
  range: Range | undefined;
  change: (range: Range | undefined) => void;
}

/** How a column is spread over the features that fired; dragging over it, or moving its two ends, filters the list. */
export function HistogramFilter({ atlas, column, range, change }: HistogramFilterProps): ReactElement {
  const histogram = useHistogram(atlas, column);
  return (
    <section className="histogram" aria-label={`Filter by ${column}`}>
      {histogram.data ? (
        <Brush key={`${atlas}/${column}`} histogram={histogram.data} column={column} range={range} change={change} />
      ) : (
        <>
          <h3>
            <TermLabel term={column} />
          </h3>
          <div className="histogram-missing quiet" role={histogram.isError ? "alert" : "status"}>
            {histogram.isError ? histogram.error.message : "…"}
          </div>
        </>
      )}
    </section>
  );
}

const height = 44;

function Brush({ histogram, column, range, change }: Omit<HistogramFilterProps, "atlas"> & { histogram: Histogram }): ReactElement {
  const { edges, counts } = histogram;
  const bins = counts.length;
  const id = useId();
  const [draft, setDraft] = useState<Span>();
  const start = useRef<number | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const span = draft ?? spanOfRange(edges, range);
  const tallest = Math.max(1, ...counts);
  const all = draft === undefined && range === undefined;

  const settle = (next: Span): void => {
    setDraft(undefined);
    change(rangeOfSpan(edges, next));
  };
  const binAt = (event: PointerEvent): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return ((event.clientX - box.left) / Math.max(1, box.width)) * bins;
  };
  // A key held down moves an end many times; the list follows when it rests.
  const slide = (next: Span): void => {
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => settle(next), 200);
  };
  const said = column === "density" ? formatShare : formatNumber;
  const value = (edge: number): string => said(edges[edge] ?? 0);

  return (
    <>
      <h3>
        <TermLabel term={column} />
        <span className="quiet histogram-said">
          {draft
            ? `${value(span.from)} … ${value(span.to)}: ${formatCount(countInSpan(histogram, span))} features`
            : `${said(range?.[0] ?? edges[0] ?? 0)} … ${said(range?.[1] ?? edges[bins] ?? 0)}${histogram.log ? ", log scale" : ""}`}
        </span>
        {!all && (
          <button
            type="button"
            className="plain clear"
            aria-label={`Clear the filter by ${column}`}
            onClick={() => settle({ from: 0, to: bins })}
          >
            ✕
          </button>
        )}
      </h3>
      <svg
        className="histogram-bars"
        viewBox={`0 0 ${bins} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = binAt(event);
        }}
        onPointerMove={(event) => {
          if (start.current !== undefined) setDraft(spanOfDrag(start.current, binAt(event), bins));
        }}
        onPointerUp={(event) => {
          if (start.current === undefined) return;
          const end = binAt(event);
          const moved = Math.abs(end - start.current) >= 0.25;
          // A mere click takes the filter away.
          settle(moved ? spanOfDrag(start.current, end, bins) : { from: 0, to: bins });
          start.current = undefined;
        }}
        onPointerCancel={() => {
          start.current = undefined;
          setDraft(undefined);
        }}
      >
        <rect className="histogram-span" x={span.from} y={0} width={span.to - span.from} height={height} />
        {counts.map((count, i) => {
          const bar = count === 0 ? 0 : Math.max(1.5, (count / tallest) * height);
          return (
            <rect
              key={i}
              className={i >= span.from && i < span.to ? "in" : "out"}
              x={i + 0.08}
              y={height - bar}
              width={0.84}
              height={bar}
            />
          );
        })}
      </svg>
      <div className="histogram-ends">
        <label className="visually-hidden" htmlFor={`${id}-from`}>
          {column} from
        </label>
        <input
          id={`${id}-from`}
          type="range"
          min={0}
          max={bins}
          value={span.from}
          aria-valuetext={value(span.from)}
          onChange={(event) => slide({ from: Math.min(Number(event.target.value), span.to - 1), to: span.to })}
        />
        <label className="visually-hidden" htmlFor={`${id}-to`}>
          {column} up to
        </label>
        <input
          id={`${id}-to`}
          type="range"
          min={0}
          max={bins}
          value={span.to}
          aria-valuetext={value(span.to)}
          onChange={(event) => slide({ from: span.from, to: Math.max(Number(event.target.value), span.from + 1) })}
        />
      </div>
    </>
  );
}
