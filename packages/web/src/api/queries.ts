import type { AtlasDetail, Atlases, Histogram, Models, Status } from "@lexiscope/contract";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { apiPath, request, type Question } from "./client.ts";

/** Keys begin with the noun and the atlas, so that a change of names can refresh everything that shows one: `["features", atlas, …]`. */

export const statusQuery: Question<Status> = {
  queryKey: ["status"],
  queryFn: ({ signal }) => request<Status>(apiPath(["status"]), { signal }),
};

export function useStatus(): UseQueryResult<Status> {
  return useQuery({
    ...statusQuery,
    retry: false, // the header says at once that nobody answers
    refetchInterval: ({ state }) => (state.status === "error" ? 3000 : 5000),
  });
}

export function useAtlases(): UseQueryResult<Atlases> {
  return useQuery({
    queryKey: ["atlases"],
    queryFn: ({ signal }) => request<Atlases>(apiPath(["atlases"]), { signal }),
    refetchInterval: 15_000,
  });
}

export const atlasQuery = (atlas: string): Question<AtlasDetail> => ({
  queryKey: ["atlas", atlas],
  queryFn: ({ signal }) => request<AtlasDetail>(apiPath(["atlases", atlas]), { signal }),
});

export function useAtlas(atlas: string | undefined): UseQueryResult<AtlasDetail> {
  return useQuery({ ...atlasQuery(atlas ?? ""), enabled: atlas !== undefined });
}

export function useModels(): UseQueryResult<Models> {
  return useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => request<Models>(apiPath(["models"]), { signal }),
    refetchInterval: 15_000,
  });
}

export function useHistogram(atlas: string, column: Histogram["column"]): UseQueryResult<Histogram> {
  return useQuery({
    queryKey: ["histogram", atlas, column],
    queryFn: ({ signal }) => request<Histogram>(apiPath(["atlases", atlas, "histogram"], { column }), { signal }),
  });
}
