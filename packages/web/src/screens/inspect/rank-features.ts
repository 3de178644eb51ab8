import type { InspectResponse } from "@lexiscope/contract";

export interface RankedFeature {
  index: number;
  topToken: string;
  /** Largest share of its maximum, and the token where. */
  share: number;
  at: number;
  /** Sum of its shares. */
  sum: number;
  /** Tokens on which it is among the strongest. */
  tokens: number;
}

export type RankBy = "share" | "sum";

/** Features of the whole text, by largest share or by sum of shares, from what each token names. Ties go by index. */
export function rankFeatures(tokens: InspectResponse["tokens"], by: RankBy): RankedFeature[] {
  const ranked = new Map<number, RankedFeature>();
  tokens.forEach(({ features }, at) => {
    for (const { index, share: given, topToken } of features) {
      const share = given ?? 0;
      const known = ranked.get(index);
      if (!known) ranked.set(index, { index, topToken, share, at, sum: share, tokens: 1 });
      else {
        known.sum += share;
        known.tokens++;
        if (share > known.share) [known.share, known.at] = [share, at];
      }
    }
  });
  return [...ranked.values()].sort((a, b) => b[by] - a[by] || a.index - b.index);
}

/** [tokens] Largest share among the features of each token. */
export function largestShares(tokens: InspectResponse["tokens"]): number[] {
  return tokens.map(({ features }) => features.reduce((most, { share }) => Math.max(most, share ?? 0), 0));
}
