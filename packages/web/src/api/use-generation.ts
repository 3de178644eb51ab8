import { useSyncExternalStore } from "react";
import type { Generation } from "./generation.ts";
import type { GenerationState } from "./generation-state.ts";

const nothing = (): (() => void) => () => undefined;

/** The state of an answer that is being written, as of the last frame; undefined without one. */
export function useGeneration(generation: Generation | undefined): GenerationState | undefined {
  return useSyncExternalStore(generation?.subscribe ?? nothing, () => generation?.state());
}
