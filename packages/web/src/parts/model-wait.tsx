import type { ModelEntry, Models } from "@lexiscope/contract";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState, type ReactElement } from "react";
import { apiPath, request } from "../api/client.ts";
import { waitReason } from "./wait-reason.ts";

/** Says what a request to the model waits for, once it takes longer than a moment. Place it while the request is under way. */
export function ModelWait(): ReactElement {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 500);
    return () => clearTimeout(timer);
  }, []);
  const models = useQuery({
    queryKey: ["models"],
    queryFn: ({ signal }) => request<Models>(apiPath(["models"]), { signal }),
    enabled: late,
    refetchInterval: 1000,
    staleTime: 0,
  });
  const entries: readonly ModelEntry[] = models.data?.models ?? [];
  return (
    <span className="quiet" role="status">
      {late ? waitReason(entries) : ""}
    </span>
  );
}
