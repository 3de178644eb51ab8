import type { FeatureRow } from "@lexiscope/contract";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { featurePage, pageRows } from "../../api/feature-pages.ts";
import { apiQuery, type ListView } from "./list-view.ts";

export interface FeaturePages {
  /** The view that the rows belong to: the one before while the next is on its way. */
  shown: ListView;
  stale: boolean;
  total: number | undefined;
  truncated: boolean;
  error: Error | null;
  retry: () => void;
  row: (position: number) => FeatureRow | undefined;
}

/** The pages of a list that hold the rows `first` to `end`; the old list stays until the new one's head is there. */
export function useFeaturePages(atlas: string, view: ListView, { first, end }: { first: number; end: number }): FeaturePages {
  const head = useQuery({ ...featurePage(atlas, apiQuery(view), 0), placeholderData: keepPreviousData });
  const [shown, setShown] = useState({ atlas, view });
  const ready = head.data !== undefined && !head.isPlaceholderData;
  if (ready && (shown.view !== view || shown.atlas !== atlas)) setShown({ atlas, view });
  const numbers = useSettledPages(Math.floor(first / pageRows), Math.floor(Math.max(first, end - 1) / pageRows));
  const pages = useQueries({
    queries: numbers.map((number) => ({ ...featurePage(shown.atlas, apiQuery(shown.view), number), enabled: head.data !== undefined })),
  });
  const held = new Map(numbers.map((number, i) => [number, pages[i]?.data] as const));
  return {
    shown: shown.view,
    stale: !ready && !head.isError,
    total: shown.atlas === atlas ? head.data?.total : undefined,
    truncated: head.data?.truncated ?? false,
    error: head.error ?? pages.find(({ error }) => error)?.error ?? null,
    retry: () => {
      void head.refetch();
      for (const query of pages) if (query.isError) void query.refetch();
    },
    row: (position) => held.get(Math.floor(position / pageRows))?.items[position % pageRows],
  };
}

/** Page numbers in view, a moment later while they rush by, so that a drag over a million rows asks for few of them. */
function useSettledPages(first: number, last: number): readonly number[] {
  const [settled, setSettled] = useState({ first, last });
  const changed = useRef(0);
  useEffect(() => {
    const now = performance.now();
    const rushing = now - changed.current < 90;
    changed.current = now;
    if (!rushing) {
      setSettled({ first, last });
      return undefined;
    }
    const timer = setTimeout(() => setSettled({ first, last }), 90);
    return () => clearTimeout(timer);
  }, [first, last]);
  return useMemo(() => Array.from({ length: settled.last - settled.first + 1 }, (_, i) => settled.first + i), [settled]);
}
