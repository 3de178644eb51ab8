import { useSyncExternalStore } from "react";
import type { Stored } from "./stored.ts";

/** What the browser keeps there, now and after every change. */
export function useStored({ read, subscribe }: Stored): string | null {
  return useSyncExternalStore(subscribe, read, () => null);
}
