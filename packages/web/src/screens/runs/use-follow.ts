import type { JobEvent } from "@lexiscope/contract";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { apiPath, sayLost } from "../../api/client.ts";
import { createFollower, type Followed } from "./follower.ts";

/** Lines come four times a second and all at once in the beginning; drawing is for people. */
const showMs = 250;

const nothing: Followed = { job: null, curves: [], ended: false };

/** Follows a job as it runs. The browser connects again by itself, from the last event on. */
export function useFollow(job: string, enabled: boolean): { followed: Followed; connected: boolean } {
  const [followed, setFollowed] = useState(nothing);
  const [connected, setConnected] = useState(true);
  const client = useQueryClient();
  useEffect(() => {
    if (!enabled) return undefined;
    const follower = createFollower();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      timer = undefined;
      setFollowed(follower.state());
    };
    const source = new EventSource(apiPath(["jobs", job, "events"]));
    source.addEventListener("open", () => setConnected(true));
    source.addEventListener("error", () => {
      setConnected(false);
      sayLost();
    });
    source.addEventListener("message", ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as JobEvent;
      follower.add(event);
      timer ??= setTimeout(show, showMs);
      if (event.type !== "end") return;
      source.close();
      for (const key of ["jobs", "run", "run-log", "status", "atlases", "shelf"]) void client.invalidateQueries({ queryKey: [key] });
    });
    return () => {
      clearTimeout(timer);
      source.close();
      setFollowed(nothing);
    };
  }, [job, enabled, client]);
  return { followed, connected };
}
