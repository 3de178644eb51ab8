import type { FeatureChange, GenerateEvent, Problem } from "@lexiscope/contract";

export interface VariantState {
  text: string;
  tokens: number;
  /** Null while it is being written, or when it was cut off. */
  reason: "stop" | "length" | "context" | null;
}

/** What is known of an answer that is being written. */
export interface GenerationState {
  phase: "waiting" | "running" | "done" | "stopped" | "failed";
  /** Requests before this one; null until the server has said. */
  position: number | null;
  promptTokens: number | null;
  /** Messages that did not fit the context. */
  dropped: number;
  warnings: string[];
  variants: VariantState[];
  /** By variant; the first is what the others are compared with. */
  changes: { variant: number; risen: FeatureChange[]; fallen: FeatureChange[] }[];
  figures: { firstTokenMs: number; tokensPerSecond: number; tokens: number } | null;
  error: Problem["error"] | null;
}

export function newGeneration(variants: number): GenerationState {
  return {
    phase: "waiting",
    position: null,
    promptTokens: null,
    dropped: 0,
    warnings: [],
    variants: Array.from({ length: variants }, () => ({ text: "", tokens: 0, reason: null })),
    changes: [],
    figures: null,
    error: null,
  };
}

/** The state after one event of the stream. */
export function reduceGeneration(state: GenerationState, event: GenerateEvent): GenerationState {
  switch (event.type) {
    case "queued":
      return { ...state, position: event.position };
    case "start":
      return { ...state, phase: "running", position: 0, promptTokens: event.promptTokens, dropped: event.dropped };
    case "warning":
      return state.warnings.includes(event.message) ? state : { ...state, warnings: [...state.warnings, event.message] };
    case "token":
      return withVariant(state, event.variant, ({ text, tokens, reason }) => ({ text: text + event.text, tokens: tokens + 1, reason }));
    case "end":
      return withVariant(state, event.variant, (variant) => ({ ...variant, reason: event.reason }));
    case "changes":
      return { ...state, changes: [...state.changes, { variant: event.variant, risen: event.risen, fallen: event.fallen }] };
    case "done": {
      const { firstTokenMs, tokensPerSecond, tokens } = event;
      return { ...state, phase: "done", figures: { firstTokenMs, tokensPerSecond, tokens } };
    }
    case "error":
      return { ...state, phase: "failed", error: event.error };
    default:
      return state; // an event of a newer server
  }
}

function withVariant(state: GenerationState, index: number, change: (variant: VariantState) => VariantState): GenerationState {
  return { ...state, variants: state.variants.map((variant, i) => (i === index ? change(variant) : variant)) };
}

/** The state when the stream is over. One that ended without saying so was cut off: what came stays. */
export function endGeneration(state: GenerationState, aborted: boolean): GenerationState {
  if (state.phase === "done" || state.phase === "failed") return state;
  // With every answer whole, only the comparison was still missing.
  if (aborted) return { ...state, phase: "stopped" };
  return {
    ...state,
    phase: "failed",
    error: {
      code: "cut_off",
      message: "the server went away before the answer was whole",
      hint: "what came is kept; regenerate when the server runs again",
    },
  };
}

export const isOver = ({ phase }: GenerationState): boolean => phase === "done" || phase === "stopped" || phase === "failed";
