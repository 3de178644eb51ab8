import { LexiscopeError } from "@lexiscope/core";
import type { ColumnIndex } from "./columns.ts";
import type { FeatureRows } from "./feature-rows.ts";
import { toHit, type Found, type SearchFindings, type Searcher } from "./search.ts";
import type { FeatureList, ListOptions } from "./types.ts";

/** Largest page. */
const maxLimit = 1000;
export interface ListSources {
  features: number;
  columns: () => ColumnIndex;
  searcher: Searcher;
  rows: FeatureRows;
}

/** Lists features: a page of an order over the columns, or of what a search found. */
export function createLister({ features, columns, searcher, rows }: ListSources): (options: ListOptions) => FeatureList {
  // A search that was found before comes as the same object.
  const lookUps = new WeakMap<SearchFindings, ReadonlyMap<number, Found>>();

  function lookUp(findings: SearchFindings): ReadonlyMap<number, Found> {
    const byIndex = lookUps.get(findings) ?? new Map(findings.hits.map((hit) => [hit.index, hit]));
    lookUps.set(findings, byIndex);
    return byIndex;
  }

  return ({ orderBy, descending, limit, offset, filter = {} }) => {
    const limits = [
      ["limit", limit, maxLimit],
      ["offset", offset, Number.MAX_SAFE_INTEGER],
    ] as const;
    for (const [field, value, most] of limits) {
      if (!Number.isSafeInteger(value) || value < 0 || value > most)
        throw new LexiscopeError("invalid_input", `${field} is ${value}; it must be a whole number from 0 to ${most}`, { field });
    }
    const { query, named = [], in: among, ...rest } = filter;
    if (query === undefined) {
      if (orderBy === "relevance")
        throw new LexiscopeError("invalid_input", "features are in order of relevance only for a query", {
          field: "orderBy",
          hint: "give a query, or another order",
        });
      const { total, indices } = columns().page(orderBy, descending, rest, { offset, limit });
      return { total, truncated: false, items: Array.from(indices, (index) => rows.summary(index)) };
    }
    const findings = searcher.find(query, among);
    const { hits, truncated } = findings;
    const byIndex = lookUp(findings);
    // Names of people's own first, then the evidence.
    const first = new Set(named.filter((index) => Number.isInteger(index) && index >= 0 && index < features));
    const candidates = [...first, ...hits.map(({ index }) => index).filter((index) => !first.has(index))];
    if (orderBy !== "relevance") return page(columns().select(orderBy, descending, rest, candidates), byIndex, truncated);
    const ranked = columns().passing(rest, candidates);
    return page(descending ? ranked : ranked.toReversed(), byIndex, truncated);

    function page(order: ArrayLike<number>, found: ReadonlyMap<number, Found>, truncated: boolean): FeatureList {
      const indices = Array.from({ length: Math.max(0, Math.min(limit, order.length - offset)) }, (_, i) => order[offset + i] ?? 0);
      const items = indices.map((index) => {
        const one = found.get(index);
        if (!one) return rows.summary(index);
        const { score, where } = toHit(one);
        return { ...rows.summary(index), hit: { score, where } };
      });
      return { total: order.length, truncated, items };
    }
  };
}
