import { useCallback, useMemo, useState, type ReactElement } from "react";
import { Link } from "wouter";
import { useAtlas } from "../../api/queries.ts";
import { Failed, Loading } from "../../parts/states.tsx";
import { useStages } from "../../parts/use-stages.ts";
import { formatRange, useUrlState } from "../../state/url-state.ts";
import { About } from "./about.tsx";
import { ExampleSearches } from "./example-searches.tsx";
import { FeatureList } from "./feature-list.tsx";
import { HistogramFilter } from "./histogram-filter.tsx";
import { rangeColumns, readView, type ListView, type SortColumn } from "./list-view.ts";
import { ScoreTable } from "./score-table.tsx";
import { Toolbar } from "./toolbar.tsx";
import "./atlas.css";
import "./feature-list.css";

const noFilters = { q: null, density: null, maximum: null, effect: null, alive: null, named: null, list: null, sort: null, order: null };

/** An atlas: what it was made of, how good it is, and all its features. */
export function AtlasScreen({ atlas }: { atlas: string }): ReactElement {
  const detail = useAtlas(atlas);
  const [params, change] = useUrlState();
  const view = useMemo(() => readView(params), [params]);
  const [selection, setSelection] = useState<ReadonlySet<number>>(new Set());
  const [count, setCount] = useState<{ total: number | undefined; truncated: boolean; stale: boolean }>({
    total: undefined,
    truncated: false,
    stale: true,
  });
  const select = useCallback((features: readonly number[], on: boolean) => {
    setSelection((held) => {
      const next = new Set(held);
      for (const feature of features) {
        if (on) next.add(feature);
        else next.delete(feature);
      }
      return next;
    });
  }, []);
  const clearFilters = useCallback(() => change(noFilters), [change]);
  const sortBy = useCallback((sort: SortColumn, order: ListView["order"]) => change({ sort, order }), [change]);
  const counted = useCallback((total: number | undefined, truncated: boolean, stale: boolean) => setCount({ total, truncated, stale }), []);
  const drawn = useCallback(() => setListed(true), []);
  // Where there is room, everything is open; on a phone the list comes first.
  const [roomy] = useState(() => matchMedia("(min-width: 900px)").matches);

  // The list comes first; what stands beside it is drawn piece by piece behind it.
  const [listed, setListed] = useState(false);
  const beside = useStages(2 + rangeColumns.length, listed);

  if (detail.isError)
    return (
      <>
        <h1 className="visually-hidden">Atlas</h1>
        <Failed title={`The atlas “${atlas}” cannot be shown`} error={detail.error} retry={() => void detail.refetch()} />
      </>
    );
  return (
    <div className="atlas" key={atlas}>
      <aside className="atlas-side" aria-label="About this atlas" tabIndex={0}>
        <h1>
          <bdi>{atlas}</bdi>
        </h1>
        {detail.isPending || beside < 1 ? (
          <Loading what="the atlas" />
        ) : (
          <>
            <details className="atlas-part" open={roomy}>
              <summary>
                <h2>What it is</h2>
              </summary>
              <About atlas={detail.data} />
            </details>
            <details className="atlas-part" open={roomy}>
              <summary>
                <h2>How much it explains</h2>
              </summary>
              {beside > 1 && <ScoreTable dictionary={detail.data.manifest.dictionary} />}
              <p className="quiet scores-note">
                <Link href="/learn#caveats">What none of this proves</Link>
              </p>
            </details>
          </>
        )}
        <details className="atlas-part" open={roomy}>
          <summary>
            <h2>Filter</h2>
          </summary>
          {rangeColumns.slice(0, Math.max(0, beside - 2)).map((column) => (
            <HistogramFilter
              key={column}
              atlas={atlas}
              column={column}
              range={view.ranges[column]}
              change={(range) => change({ [column]: range === undefined ? null : formatRange(range) })}
            />
          ))}
        </details>
      </aside>
      <section className="atlas-list" aria-label="Features of the atlas">
        <Toolbar
          atlas={atlas}
          view={view}
          change={change}
          clearFilters={clearFilters}
          selection={selection}
          clearSelection={() => setSelection(new Set())}
          {...count}
        />
        <ExampleSearches atlas={atlas} q={view.q} />
        <FeatureList
          atlas={atlas}
          view={view}
          selection={selection}
          select={select}
          sortBy={sortBy}
          clearFilters={clearFilters}
          counted={counted}
          drawn={drawn}
        />
      </section>
    </div>
  );
}
