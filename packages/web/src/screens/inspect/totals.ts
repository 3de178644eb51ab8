import type { InspectResponse } from "@lexiscope/contract";

export interface Totals {
  tokens: number;
  leftOut: number;
  /** Mean over the kept tokens of ‖x − x̂‖² / ‖x − x̄‖²; null without any. */
  error: number | null;
  /** Mean number of features that fire on a kept token. */
  l0: number | null;
  /** Tokens per second of the whole request. */
  rate: number | null;
}

export function totalsOf({ tokens, milliseconds }: Pick<InspectResponse, "tokens" | "milliseconds">): Totals {
  const kept = tokens.filter(({ leftOut }) => leftOut === null);
  const mean = (values: number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    tokens: tokens.length,
    leftOut: tokens.length - kept.length,
    error: mean(kept.flatMap(({ error }) => error ?? [])),
    l0: mean(kept.map(({ active }) => active)),
    rate: milliseconds > 0 ? (1000 * tokens.length) / milliseconds : null,
  };
}
