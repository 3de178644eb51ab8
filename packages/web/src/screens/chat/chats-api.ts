import type { Chat, ChatInput, Chats } from "@lexiscope/contract";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { apiPath, request } from "../../api/client.ts";

export function useChats(): UseQueryResult<Chats> {
  return useQuery({
    queryKey: ["chats"],
    queryFn: ({ signal }) => request<Chats>(apiPath(["chats"]), { signal }),
    staleTime: 5_000,
    refetchOnWindowFocus: true,
  });
}

/** A kept conversation, always as the server has it now. */
export function useChat(id: string | undefined): UseQueryResult<Chat> {
  return useQuery({
    queryKey: ["chat", id],
    queryFn: ({ signal }) => getChat(id ?? "", signal),
    enabled: id !== undefined,
    staleTime: Infinity,
    gcTime: 0,
  });
}

export const getChat = (id: string, signal?: AbortSignal): Promise<Chat> => request<Chat>(apiPath(["chats", id]), { signal });

export const createChat = (body: ChatInput): Promise<Chat> => request<Chat>(apiPath(["chats"]), { method: "POST", body });

export const changeChat = (id: string, body: ChatInput): Promise<Chat> => request<Chat>(apiPath(["chats", id]), { method: "PATCH", body });

export const deleteChat = (id: string): Promise<void> => request<void>(apiPath(["chats", id]), { method: "DELETE" });
