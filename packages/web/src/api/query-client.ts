import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client.ts";

const isUnreachable = (error: unknown): boolean => error instanceof ApiError && error.code === "unreachable";

/** Once one question finds no server, the header asks for it too; once it answers again, what had failed is asked anew. */
export function createQueryClient(): QueryClient {
  let gone = false;
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, { queryKey: [noun] }) => {
        if (!isUnreachable(error)) return;
        gone = true;
        if (noun !== "status") void client.invalidateQueries({ queryKey: ["status"] });
      },
      onSuccess: (_, { queryKey: [noun] }) => {
        if (!gone || noun !== "status") return;
        gone = false;
        void client.refetchQueries({ predicate: ({ state }) => state.status === "error" && isUnreachable(state.error) });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && isUnreachable(error),
      },
    },
  });
  return client;
}
