import type { FeatureListQuery, Histogram } from "@lexiscope/contract";
import { parseRange } from "../../state/url-state.ts";

export const rangeColumns = ["density", "maximum", "effect"] as const satisfies readonly Histogram["column"][];
export type RangeColumn = (typeof rangeColumns)[number];
export type SortColumn = NonNullable<FeatureListQuery["sort"]>;
export type Range = readonly [number | undefined, number | undefined];

/** What of an atlas's features is listed, and in which order; all of it stands in the address. */
export interface ListView {
  q: string;
  sort: SortColumn;
  order: "ascending" | "descending";
  ranges: Partial<Record<RangeColumn, Range>>;
  alive: "true" | "false" | undefined;
  named: boolean;
  list: string | undefined;
}

const sorts: readonly SortColumn[] = ["relevance", "readability", "density", "maximum", "effect", "fired", "index"];

/** Reads the address; what it does not understand there is left out. */
export function readView(params: URLSearchParams): ListView {
  const q = params.get("q") ?? "";
  const asked = sorts.find((sort) => sort === params.get("sort"));
  const sort = asked === undefined || (asked === "relevance" && q === "") ? (q === "" ? "readability" : "relevance") : asked;
  const order = params.get("order");
  const alive = params.get("alive");
  const ranges: ListView["ranges"] = {};
  for (const column of rangeColumns) {
    const range = parseRange(params.get(column));
    if (range) ranges[column] = range;
  }
  return {
    q,
    sort,
    order: order === "ascending" || order === "descending" ? order : firstOrder(sort),
    ranges,
    alive: alive === "true" || alive === "false" ? alive : undefined,
    named: params.get("named") === "true",
    list: params.get("list") ?? undefined,
  };
}

/** The order that a click on a column gives first: the largest on top, numbers from 0. */
export function firstOrder(sort: SortColumn): ListView["order"] {
  return sort === "index" ? "ascending" : "descending";
}

/** The server's own words for a view. */
export function apiQuery({ q, sort, order, ranges, alive, named, list }: ListView): Record<string, string | number | undefined> {
  return {
    q: q.trim() === "" ? undefined : q,
    sort,
    order,
    densityMin: ranges.density?.[0],
    densityMax: ranges.density?.[1],
    maximumMin: ranges.maximum?.[0],
    maximumMax: ranges.maximum?.[1],
    effectMin: ranges.effect?.[0],
    effectMax: ranges.effect?.[1],
    alive,
    named: named ? "true" : undefined,
    list,
  };
}

/** Whether anything is left out of the list. */
export function isFiltered({ q, ranges, alive, named, list }: ListView): boolean {
  return q.trim() !== "" || Object.keys(ranges).length > 0 || alive !== undefined || named || list !== undefined;
}
