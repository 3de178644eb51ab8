import type { FeatureDetail } from "@lexiscope/contract";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { apiPath, request } from "./client.ts";

/** What a dial needs of a feature: its words, its maximum and the site's median norm. */
export function useFeatureBrief(atlas: string | undefined, feature: number): UseQueryResult<FeatureDetail> {
  return useQuery({
    queryKey: ["features", atlas, "brief", feature],
    queryFn: ({ signal }) =>
      request<FeatureDetail>(apiPath(["atlases", atlas ?? "", "features", feature], { before: 0, after: 0 }), { signal }),
    enabled: atlas !== undefined,
    staleTime: Infinity,
  });
}
