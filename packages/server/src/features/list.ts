import type { Atlas, FeatureFilter, FeatureOrder, ListedFeature, Overlay } from "@lexiscope/atlas";
import type { featureListQuerySchema } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type { z } from "zod";

export type ListQuery = z.output<typeof featureListQuerySchema>;

export interface FoundFeatures {
  total: number;
  truncated: boolean;
  items: ListedFeature[];
}

type Range = readonly [number, number] | undefined;

/** The features that a list query asks for, `limit` of them from `offset` on. People's own names and notes are searched, too. */
export function findFeatures(atlas: Atlas, overlay: Overlay | undefined, query: ListQuery): FoundFeatures {
  const q = query.q?.trim() ? query.q : undefined;
  if (query.sort === "relevance" && q === undefined)
    throw new LexiscopeError("invalid_input", "sort is relevance, but there is no q to be relevant to", {
      field: "sort",
      hint: "give q, or another sort",
    });
  const orderBy: FeatureOrder = query.sort ?? (q === undefined ? "readability" : "relevance");
  const filter: FeatureFilter = {
    query: q,
    named: q === undefined ? undefined : overlay?.findLabels(q),
    density: range("density", query.densityMin, query.densityMax),
    maximum: range("maximum", query.maximumMin, query.maximumMax),
    effect: range("effect", query.effectMin, query.effectMax),
    alive: query.alive === undefined ? undefined : query.alive === "true",
    indices: members(overlay, query),
  };
  return atlas.list({ orderBy, descending: query.order === "descending", offset: query.offset, limit: query.limit, filter });
}

function range(column: string, low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY): Range {
  if (low > high)
    throw new LexiscopeError("invalid_input", `${column}Min is ${low}, above ${column}Max, which is ${high}`, {
      field: `${column}Min`,
      hint: "swap them",
    });
  return low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY ? undefined : [low, high];
}

/** Undefined: no list was asked for. */
function members(overlay: Overlay | undefined, { list, named }: ListQuery): ReadonlySet<number> | undefined {
  const inList = list === undefined ? undefined : new Set(overlay?.list(list).features);
  if (named === undefined) return inList;
  const withName = overlay?.named() ?? [];
  return new Set(inList ? withName.filter((feature) => inList.has(feature)) : withName);
}
