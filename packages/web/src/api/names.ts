import type { FeatureDetail, FeatureList, Label, LabelInput, Labels, ListDetail } from "@lexiscope/contract";
import {
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { apiPath, request } from "./client.ts";
import { withLabel, withName } from "./labels-cache.ts";

/** People's own names. What shows one is cached under `[noun, atlas, …]`; a change refreshes all of it, in every tab. */

const channel = new BroadcastChannel("lexiscope");

/** Fetches anew what may show a name, a note or a list of this atlas. */
export function refreshNames(client: QueryClient, atlas: string, tellTabs = true): void {
  void client.invalidateQueries({ predicate: ({ queryKey: [noun, of] }) => (of === atlas && noun !== "histogram") || noun === "search" });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target: it reaches this origin alone
  if (tellTabs) channel.postMessage({ names: atlas });
}

/** Listens for changes that other tabs made. Returns what ends it. */
export function followOtherTabs(client: QueryClient): () => void {
  const listen = ({ data }: MessageEvent<{ names?: string }>): void => {
    if (typeof data.names === "string") refreshNames(client, data.names, false);
  };
  channel.addEventListener("message", listen);
  return () => channel.removeEventListener("message", listen);
}

export function useLabels(atlas: string | undefined): UseQueryResult<Labels> {
  return useQuery({
    queryKey: ["labels", atlas],
    queryFn: ({ signal }) => request<Labels>(apiPath(["atlases", atlas ?? "", "labels"]), { signal }),
    enabled: atlas !== undefined,
  });
}

export function useSaveLabel(atlas: string): UseMutationResult<Label | undefined, Error, LabelInput & { feature: number }> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ feature, name, note }) =>
      request<Label | undefined>(apiPath(["atlases", atlas, "features", feature, "label"]), { method: "PUT", body: { name, note } }),
    onMutate: (input) => showLabel(client, atlas, input),
    onSettled: () => refreshNames(client, atlas),
  });
}

/** Puts a name into everything cached that shows it, before the server has answered. */
function showLabel(client: QueryClient, atlas: string, { feature, name, note }: LabelInput & { feature: number }): void {
  const shown = name === "" ? null : name;
  const label: Label | null = name === "" && note === "" ? null : { feature, name, note, updated: new Date().toISOString() };
  client.setQueriesData<FeatureList>({ queryKey: ["features", atlas] }, (list) =>
    list && Array.isArray(list.items) ? { ...list, items: withName(list.items, feature, shown) } : list,
  );
  client.setQueriesData<ListDetail>(
    { queryKey: ["list", atlas] },
    (list) => list && { ...list, rows: withName(list.rows, feature, shown) },
  );
  client.setQueriesData<FeatureDetail>({ queryKey: ["feature", atlas, feature] }, (detail) =>
    detail && typeof detail === "object" && "label" in detail ? { ...detail, label } : detail,
  );
  client.setQueryData<Labels>(["labels", atlas], (labels) => labels && { labels: withLabel(labels.labels, feature, label) });
}
