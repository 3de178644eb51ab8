import type { Job, Jobs } from "@lexiscope/contract";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { apiPath, request } from "./client.ts";

export const hasEnded = ({ state }: Pick<Job, "state">): boolean => state !== "queued" && state !== "running";

/** All runs, asked for again every two seconds while one is at work. */
export function useJobs(): UseQueryResult<Jobs> {
  return useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => request<Jobs>(apiPath(["jobs"]), { signal }),
    staleTime: 1_000,
    refetchInterval: ({ state }) => (state.data?.jobs.every(hasEnded) ? 10_000 : 2_000),
  });
}
