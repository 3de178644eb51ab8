import type { ReactElement } from "react";
import type { TermId } from "../../parts/glossary.ts";
import { TermLabel } from "../../parts/number.tsx";
import { firstOrder, type ListView, type SortColumn } from "./list-view.ts";

export const columns: readonly { key: string; name: string; sort?: SortColumn; term?: TermId; className?: string }[] = [
  { key: "select", name: "" },
  { key: "index", name: "#", sort: "index", className: "number" },
  { key: "name", name: "Name or word", sort: "readability", term: "readability" },
  { key: "top", name: "Top token", term: "topToken" },
  { key: "output", name: "Raises", term: "topOutput", className: "wide" },
  { key: "density", name: "Density", sort: "density", term: "density", className: "number" },
  { key: "maximum", name: "Maximum", sort: "maximum", term: "maximum", className: "number wide" },
  { key: "effect", name: "Effect", sort: "effect", term: "effect", className: "number wide" },
];

/** What the columns are, and by which one the list is sorted. */
export function FeatureHead({
  view,
  sortBy,
}: {
  view: ListView;
  sortBy: (sort: SortColumn, order: ListView["order"]) => void;
}): ReactElement {
  return (
    <div role="rowgroup" className="features-head">
      <div role="row" aria-rowindex={1} className="feature-row head">
        {columns.map(({ key, name, sort, term, className = "" }) => {
          const on = sort !== undefined && view.sort === sort;
          const turn = (): void => {
            if (sort !== undefined) sortBy(sort, on ? (view.order === "ascending" ? "descending" : "ascending") : firstOrder(sort));
          };
          return (
            <span
              key={key}
              role="columnheader"
              className={`${className}${sort === undefined ? "" : " sortable"}`}
              aria-sort={sort === undefined ? undefined : on ? view.order : "none"}
              onClick={turn}
            >
              {name === "" ? (
                <span className="visually-hidden">Selected</span>
              ) : term === undefined ? (
                name
              ) : (
                <TermLabel term={term}>{name}</TermLabel>
              )}
              {sort !== undefined && (
                // A click goes on to the whole heading, which turns the order.
                <button
                  type="button"
                  className={`sort${on ? " on" : ""}`}
                  aria-label={`Sort by ${name === "#" ? "number" : key === "name" ? "readability" : name.toLowerCase()}`}
                >
                  {on ? (view.order === "ascending" ? "▲" : "▼") : "▽"}
                </button>
              )}
            </span>
          );
        })}
      </div>
    </div>
  );
}
