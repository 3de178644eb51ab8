import type { GenerateEvent, GenerateRequest } from "@lexiscope/contract";
import { ApiError, apiPath, sayLost, send } from "./client.ts";
import { readEvents } from "./events.ts";
import { endGeneration, newGeneration, reduceGeneration, type GenerationState } from "./generation-state.ts";

/** An answer that is being written, outside of React: whoever shows it subscribes, and hears at most once a frame. */
export interface Generation {
  state(): GenerationState;
  subscribe(listener: () => void): () => void;
  /** Ends it; the server stops at the next token. */
  stop(): void;
  /** Settles when it is over, however it went; never rejects. */
  finished: Promise<GenerationState>;
}

/** A hidden page gets no frames, but should still be up to date when it is looked at. */
const hiddenMs = 250;

export function startGeneration(body: GenerateRequest): Generation {
  const controller = new AbortController();
  const listeners = new Set<() => void>();
  let latest = newGeneration(body.variants.length);
  let shown = latest;
  let scheduled = false;
  const show = (): void => {
    scheduled = false;
    if (shown === latest) return;
    shown = latest;
    for (const listener of listeners) listener();
  };
  const update = (next: GenerationState): void => {
    latest = next;
    if (scheduled) return;
    scheduled = true;
    if (document.hidden) setTimeout(show, hiddenMs);
    else requestAnimationFrame(show);
  };
  const run = async (): Promise<GenerationState> => {
    try {
      const response = await send(apiPath(["generate"]), { method: "POST", body, signal: controller.signal });
      for await (const event of readEvents<GenerateEvent>(response)) update(reduceGeneration(latest, event));
    } catch (error) {
      if (!(error instanceof ApiError) && !controller.signal.aborted) sayLost();
      if (error instanceof ApiError) {
        const { code, message, field, hint } = error;
        latest = { ...latest, phase: "failed", error: { code, message, ...(field ? { field } : {}), ...(hint ? { hint } : {}) } };
      }
    }
    latest = endGeneration(latest, controller.signal.aborted);
    show();
    return latest;
  };
  return {
    state: () => shown,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: () => controller.abort(),
    finished: run(),
  };
}
