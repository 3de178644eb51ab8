import { QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, connection } from "./client.ts";

const isUnreachable = (error: unknown): boolean => error instanceof ApiError && error.code === "unreachable";

/** Whoever finds no server, the header asks for it at once; when it answers again, what had failed is asked anew. */
export function createQueryClient(): QueryClient {
  const status = ["status"];
  let gone = false;
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (isUnreachable(error)) gone = true;
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
  // Its own failure says so, too; and once it is known to be gone, the status asks by itself.
  connection.addEventListener("lost", () => {
    const known = client.getQueryState(status);
    if (known?.fetchStatus === "idle" && known.status !== "error") void client.invalidateQueries({ queryKey: status });
  });
  return client;
}
