import type { InspectRequest, InspectResponse } from "@lexiscope/contract";
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { request } from "./client.ts";

export interface Inspection {
  atlas: string;
  model?: string | undefined;
  text: string;
  top: number;
  pinned: readonly number[];
}

/** The body of the request, and of the API call that people copy. */
export function inspectRequest({ atlas, model, text, top, pinned }: Inspection): InspectRequest {
  return { atlas, ...(model === undefined ? {} : { model }), text, top, pinned: [...pinned] };
}

/**
 * What fires on each token of a text. A newer text gives up the request for the older one, whose answer stays on the page
 * until the newer one's is there.
 */
export function useInspection(inspection: Inspection, enabled = true): UseQueryResult<InspectResponse> {
  const { atlas, model, text, top, pinned } = inspection;
  return useQuery({
    queryKey: ["inspection", atlas, model ?? null, text, top, pinned.join(",")],
    queryFn: ({ signal }) => request<InspectResponse>("/api/inspect", { method: "POST", body: inspectRequest(inspection), signal }),
    enabled: enabled && text !== "",
    placeholderData: keepPreviousData,
    structuralSharing: false, // comparing thousands of tokens with the answer before takes longer than drawing them
    staleTime: 300_000,
    gcTime: 60_000,
  });
}
