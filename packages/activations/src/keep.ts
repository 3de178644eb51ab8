import type { KeepRule } from "@lexiscope/contract";

/** Position 0 (an attention sink), special tokens and tokens of more than ten times the median norm are left out. */
export const defaultKeepRule: KeepRule = { skipPositionZero: true, skipSpecialTokens: true, maxNormOverMedian: 10 };

/** Which tokens of one context count under the rule before norms are known: one byte a token. */
export function keepMask(tokens: Int32Array, rule: KeepRule, specialIds: ReadonlySet<number>): Uint8Array {
  const keep = new Uint8Array(tokens.length).fill(1);
  if (rule.skipPositionZero && keep.length > 0) keep[0] = 0;
  if (rule.skipSpecialTokens) {
    for (const [position, token] of tokens.entries()) if (specialIds.has(token)) keep[position] = 0;
  }
  return keep;
}
