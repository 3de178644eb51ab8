import type { GenerateRequest, PromptRequest, PromptTokens } from "@lexiscope/contract";
import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { apiPath, request } from "./client.ts";

/** What a generation would read, as far as its tokens depend on it. */
export interface PromptSource {
  prompt: GenerateRequest["prompt"];
  atlas?: string | undefined;
  model?: string | undefined;
  maxTokens: number;
}

/** The tokens of a prompt, in the order in which edits count them. */
export function usePromptTokens({ prompt, atlas, model, maxTokens }: PromptSource): UseQueryResult<PromptTokens> {
  const body: PromptRequest = { prompt, maxTokens, ...(atlas === undefined ? {} : { atlas }), ...(model === undefined ? {} : { model }) };
  return useQuery({
    queryKey: ["prompt", JSON.stringify(body)],
    queryFn: ({ signal }) => request<PromptTokens>(apiPath(["prompt"]), { method: "POST", body, signal }),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 60_000,
  });
}
