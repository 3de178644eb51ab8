import type { Job, ListResult, Run, RunLog, StartJob } from "@lexiscope/contract";
import { useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query";
import { apiPath, request } from "../../api/client.ts";

export function useRun(job: string | undefined): UseQueryResult<Run> {
  return useQuery({
    queryKey: ["run", job],
    queryFn: ({ signal }) => request<Run>(apiPath(["runs", job ?? ""]), { signal }),
    enabled: job !== undefined,
    staleTime: 5_000,
  });
}

export function useRunLog(job: string, live: boolean): UseQueryResult<RunLog> {
  return useQuery({
    queryKey: ["run-log", job],
    queryFn: ({ signal }) => request<RunLog>(apiPath(["runs", job, "log"]), { signal }),
    staleTime: 1_000,
    refetchInterval: live ? 3_000 : false,
  });
}

export function useShelf(): UseQueryResult<ListResult> {
  return useQuery({ queryKey: ["shelf"], queryFn: ({ signal }) => request<ListResult>(apiPath(["shelf"]), { signal }), staleTime: 5_000 });
}

/** Stop, resume or delete a job; everything that shows it is asked for again. */
export function useJobAction(job: string, action: "stop" | "resume" | "delete"): UseMutationResult<void, Error, void> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      await (action === "delete"
        ? request<void>(apiPath(["jobs", job]), { method: "DELETE" })
        : request<Job>(apiPath(["jobs", job, action]), { method: "POST" }));
    },
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: ["jobs"] });
      if (action !== "delete") await client.invalidateQueries({ queryKey: ["run", job] });
    },
  });
}

export function useStartJob(): UseMutationResult<Job, Error, StartJob> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body) => request<Job>(apiPath(["jobs"]), { method: "POST", body }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
}
