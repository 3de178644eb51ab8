import type { Example, FeatureDetail } from "@lexiscope/contract";
import { useQuery, useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useCallback } from "react";
import { apiPath, request, type Question } from "./client.ts";

/** Tokens shown on either side of a peak before a line is opened. */
const window = { before: 32, after: 24 };

/** What the feature's page shows first. */
export const detailQuery = (atlas: string, feature: number): Question<FeatureDetail> => ({
  queryKey: ["feature", atlas, feature],
  queryFn: ({ signal }) => request<FeatureDetail>(apiPath(["atlases", atlas, "features", feature], window), { signal }),
});

/** Everything about a feature but the whole contexts of its examples. */
export function useFeature(atlas: string, feature: number, enabled = true): UseQueryResult<FeatureDetail> {
  return useQuery({ ...detailQuery(atlas, feature), enabled });
}

/** Fetches a feature before it is opened: a link that the pointer or the focus is on. */
export function usePrefetchFeature(atlas: string): (feature: number) => void {
  const client = useQueryClient();
  return useCallback((feature) => void client.prefetchQuery(detailQuery(atlas, feature)), [client, atlas]);
}

/** One example with its whole context. */
export function useExample(atlas: string, feature: number, n: number): UseQueryResult<Example> {
  return useQuery({
    queryKey: ["feature", atlas, feature, "example", n],
    queryFn: ({ signal }) => request<Example>(apiPath(["atlases", atlas, "features", feature, "examples", n]), { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
