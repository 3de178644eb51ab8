import type { FeatureList } from "@lexiscope/contract";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { apiPath, request, type Question } from "./client.ts";

export const pageRows = 100;

type ListQuery = Record<string, string | number | undefined>;

/** A page of a list of features, as a query: `query` is what the server's list takes, without offset and limit. */
export function featurePage(atlas: string, query: ListQuery, number: number): Question<FeatureList> {
  return {
    queryKey: ["features", atlas, query, number],
    queryFn: ({ signal }) =>
      request<FeatureList>(apiPath(["atlases", atlas, "features"], { ...query, offset: number * pageRows, limit: pageRows }), { signal }),
    gcTime: 60_000,
  };
}

/** The features that are easiest to read: the first page of the list as it opens, asked for once for both. */
export function useReadableFeatures(atlas: string | undefined): UseQueryResult<FeatureList> {
  return useQuery({
    ...featurePage(atlas ?? "", { sort: "readability", order: "descending" }, 0),
    enabled: atlas !== undefined,
  });
}
