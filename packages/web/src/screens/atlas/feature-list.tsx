import { useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactElement, type ReactNode } from "react";
import { useLocation } from "wouter";
import { Empty, Failed, Loading } from "../../parts/states.tsx";
import { useStages } from "../../parts/use-stages.ts";
import { useRowWindow } from "../../parts/use-row-window.ts";
import { columns, FeatureHead } from "./feature-head.tsx";
import { FeatureListRow } from "./feature-row.tsx";
import { isFiltered, type ListView, type SortColumn } from "./list-view.ts";
import { useFeaturePages } from "./use-feature-pages.ts";

const rowHeight = 28;
const headerHeight = 30;

/** Rows that a list begins with, and that come with each frame until the view is full. */
const rowsAtOnce = 10;
const stages = 3;

/** Where lists were left, by address, so that coming back from a feature finds them there. */
const left = new Map<string, { top: number; active: number }>();

export interface FeatureListProps {
  atlas: string;
  view: ListView;
  selection: ReadonlySet<number>;
  select: (features: readonly number[], on: boolean) => void;
  sortBy: (sort: SortColumn, order: ListView["order"]) => void;
  clearFilters: () => void;
  /** Told how many there are, for the line above. */
  counted: (total: number | undefined, truncated: boolean, stale: boolean) => void;
  /** Told when the rows stand there, or what there is instead of them. */
  drawn: () => void;
}

/** The features of an atlas that a view lists: any number of them, rows of equal height, pages fetched as they come into view. */
export function FeatureList({ atlas, view, selection, select, sortBy, clearFilters, counted, drawn }: FeatureListProps): ReactElement {
  const [, navigate] = useLocation();
  const scroller = useRef<HTMLDivElement>(null);
  const anchor = useRef<number | undefined>(undefined);
  const here = location.pathname + location.search;
  const [active, setActive] = useState(() => left.get(here)?.active ?? -1);
  const [known, setKnown] = useState(0);
  const rows = useRowWindow(scroller, { total: known, rowHeight, headerHeight });
  const { shown, stale, total, truncated, error, retry, row } = useFeaturePages(atlas, view, rows);
  if (total !== undefined && total !== known) setKnown(total);

  useEffect(() => counted(total, truncated, stale), [counted, total, truncated, stale]);
  const stage = useStages(stages, total !== undefined);
  useEffect(() => {
    if (stage === stages || error !== null) drawn();
  }, [stage, error, drawn]);

  // Another view begins at its top; the same one where it was left.
  const { jump, top, show } = rows;
  const restored = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (known === 0 || stale) return;
    const before = restored.current;
    if (before === here) return;
    restored.current = here;
    if (before === undefined) {
      const was = left.get(here)?.top ?? 0;
      // At the top there is nothing to do, and asking would force a layout.
      if (was > 0) jump(was);
    } else {
      jump(0);
      setActive(-1);
    }
  }, [here, known, stale, shown, jump]);
  useEffect(() => () => void left.set(here, { top: top(), active }), [here, top, active]);

  const href = useCallback((index: number) => `/atlas/${encodeURIComponent(atlas)}/${index}`, [atlas]);
  const rowAt = useRef(row);
  useLayoutEffect(() => {
    rowAt.current = row;
  });
  const open = useCallback(
    (position: number, event?: { ctrlKey: boolean; metaKey: boolean; defaultPrevented?: boolean }) => {
      const feature = rowAt.current(position);
      if (!feature || event?.defaultPrevented) return;
      setActive(position);
      if (event?.ctrlKey || event?.metaKey) window.open(href(feature.index), "_blank", "noopener");
      else navigate(href(feature.index));
    },
    [href, navigate],
  );
  const selected = useRef(selection);
  useLayoutEffect(() => {
    selected.current = selection;
  }, [selection]);
  const toggle = useCallback(
    (position: number, extend: boolean) => {
      const from = extend ? (anchor.current ?? position) : position;
      const between: number[] = [];
      for (let i = Math.min(from, position); i <= Math.max(from, position); i++) {
        const feature = rowAt.current(i);
        if (feature) between.push(feature.index);
      }
      const here = rowAt.current(position);
      if (here) select(between, extend || !selected.current.has(here.index));
      anchor.current = position;
      setActive(position);
    },
    [select],
  );

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== scroller.current || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + rows.page,
      PageUp: active - rows.page,
      Home: 0,
      End: known - 1,
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (known === 0) return;
      const next = Math.max(0, Math.min(known - 1, to));
      if (event.shiftKey) {
        anchor.current ??= Math.max(0, active);
        toggle(next, true);
      } else anchor.current = undefined;
      setActive(next);
      show(next);
    } else if (event.key === "Enter" && active >= 0) open(active);
    else if (event.key === " " && active >= 0) {
      event.preventDefault();
      toggle(active, false);
    }
  };

  // A list that comes back in its middle begins with rows that are not seen.
  const most = stage < stages && rows.first === 0 ? (stage + 1) * rowsAtOnce : Number.POSITIVE_INFINITY;
  const inView = Array.from({ length: Math.max(0, Math.min(most, rows.end - rows.first)) }, (_, i) => rows.first + i);
  let body: ReactNode = null;
  if (error !== null && total === undefined) body = <Failed title="The list could not be had" error={error} retry={retry} />;
  else if (total === undefined) body = <Loading what="the features" />;
  else if (total === 0 && !stale)
    body = (
      <Empty title="No feature matches">
        {isFiltered(shown) && (
          <button type="button" onClick={clearFilters}>
            Clear the filters
          </button>
        )}
      </Empty>
    );

  return (
    <div
      ref={scroller}
      className={`features${stale && total !== undefined ? " stale" : ""}`}
      role="grid"
      aria-label="Features"
      aria-rowcount={total === undefined ? -1 : total + 1}
      aria-multiselectable="true"
      aria-busy={stale}
      aria-activedescendant={active >= rows.first && active < rows.end ? `feature-at-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        if (event.target === scroller.current && active < 0 && known > 0) setActive(Math.min(known - 1, Math.ceil(top() / rowHeight)));
      }}
    >
      <FeatureHead view={shown} sortBy={sortBy} />
      {body !== null ? (
        <div role="rowgroup">
          <div role="row">
            <div role="gridcell" aria-colspan={columns.length}>
              {body}
            </div>
          </div>
        </div>
      ) : (
        <div role="rowgroup" className="features-body" style={{ height: rows.height }}>
          {inView.map((position) => {
            const feature = row(position);
            return (
              <FeatureListRow
                key={position}
                id={`feature-at-${position}`}
                row={feature}
                position={position}
                y={rows.y(position)}
                href={feature ? href(feature.index) : ""}
                active={position === active}
                selected={feature !== undefined && selection.has(feature.index)}
                open={open}
                select={toggle}
              />
            );
          })}
        </div>
      )}
    </div>
  );
}
