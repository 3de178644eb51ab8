import type { FeatureCollection, ImportResult, ListDetail, ListInput, Lists, MembersInput } from "@lexiscope/contract";
import { useMutation, useQuery, useQueryClient, type UseMutationResult, type UseQueryResult } from "@tanstack/react-query";
import { apiPath, request } from "./client.ts";
import { withMembers } from "./members.ts";
import { refreshNames } from "./names.ts";

export function useLists(atlas: string | undefined): UseQueryResult<Lists> {
  return useQuery({
    queryKey: ["lists", atlas],
    queryFn: ({ signal }) => request<Lists>(apiPath(["atlases", atlas ?? "", "lists"]), { signal }),
    enabled: atlas !== undefined,
  });
}

export function useList(atlas: string, list: string): UseQueryResult<ListDetail> {
  return useQuery({
    queryKey: ["list", atlas, list],
    queryFn: ({ signal }) => request<ListDetail>(apiPath(["atlases", atlas, "lists", list]), { signal }),
  });
}

export function useCreateList(atlas: string): UseMutationResult<FeatureCollection, Error, ListInput> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input) => request<FeatureCollection>(apiPath(["atlases", atlas, "lists"]), { method: "POST", body: input }),
    onSuccess: (list) => {
      client.setQueryData<Lists>(["lists", atlas], (lists) => lists && { lists: [...lists.lists, list] });
      refreshNames(client, atlas);
    },
  });
}

/** Changes a list's name, note or members (whole, in order); shown before the server has answered. */
export function useChangeList(atlas: string, list: string): UseMutationResult<FeatureCollection, Error, ListInput> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input) => request<FeatureCollection>(apiPath(["atlases", atlas, "lists", list]), { method: "PATCH", body: input }),
    onMutate: async (input) => {
      await client.cancelQueries({ queryKey: ["list", atlas, list] });
      client.setQueryData<ListDetail>(["list", atlas, list], (held) => {
        if (!held) return held;
        const features = input.features ?? held.features;
        const rows = new Map(held.rows.map((row) => [row.index, row]));
        return { ...held, ...input, features, rows: features.flatMap((feature) => rows.get(feature) ?? []) };
      });
      client.setQueryData<Lists>(
        ["lists", atlas],
        (lists) => lists && { lists: lists.lists.map((each) => (each.id === list ? { ...each, ...input } : each)) },
      );
    },
    onSettled: () => refreshNames(client, atlas),
  });
}

export function useRemoveList(atlas: string): UseMutationResult<void, Error, string> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (list) => request<void>(apiPath(["atlases", atlas, "lists", list]), { method: "DELETE" }),
    onSuccess: (_, list) => {
      client.removeQueries({ queryKey: ["list", atlas, list] });
      client.setQueryData<Lists>(["lists", atlas], (lists) => lists && { lists: lists.lists.filter(({ id }) => id !== list) });
      refreshNames(client, atlas);
    },
  });
}

/** Adds features to a list, or takes them out. */
export function useChangeMembers(atlas: string): UseMutationResult<FeatureCollection, Error, MembersInput & { list: string }> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, ...body }) =>
      request<FeatureCollection>(apiPath(["atlases", atlas, "lists", list, "members"]), { method: "POST", body }),
    onMutate: ({ list, ...change }) => {
      client.setQueryData<Lists>(
        ["lists", atlas],
        (lists) =>
          lists && {
            lists: lists.lists.map((each) => (each.id === list ? { ...each, features: withMembers(each.features, change) } : each)),
          },
      );
    },
    onSettled: () => refreshNames(client, atlas),
  });
}

export interface ImportInput {
  overlay: unknown;
  mode: "merge" | "replace";
  /** Also where it was made for another dictionary. */
  force: boolean;
}

export function useImportOverlay(atlas: string): UseMutationResult<ImportResult, Error, ImportInput> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ overlay, mode, force }) =>
      request<ImportResult>(apiPath(["atlases", atlas, "overlay"], { mode, force: force ? "true" : undefined }), {
        method: "POST",
        body: overlay,
      }),
    onSuccess: () => refreshNames(client, atlas),
  });
}
