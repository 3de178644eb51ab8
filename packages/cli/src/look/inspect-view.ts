import type { InspectResult } from "@lexiscope/contract";
import type { Colors } from "../colors.ts";
import { formatTable } from "../text.ts";
import { number, percent, quoted } from "./feature-view.ts";

/** A line a token: what the dictionary leaves unexplained there, and the strongest features with activation and share of their maximum. */
export function inspectView(result: InspectResult, colors: Colors): string {
  const rows = result.tokens.map(({ text, position, leftOut, error, features }) => {
    const head = [String(position), quoted(text)];
    if (leftOut !== null) return [...head, "", colors.dim(`left out: ${leftOut}`)];
    const cells = features.map(
      ({ index, activation, share, topToken }) =>
        `${colors.shade(String(index), Math.min(1, share ?? 0))} ${quoted(topToken)} ${number(activation)} ${colors.dim(share === null ? "–" : percent(Math.round(share * 100) / 100))}`,
    );
    return [...head, error === null ? "" : colors.dim(percent(Math.round(error * 1000) / 1000)), ...cells];
  });
  return `${colors.dim("token · error share · features: number, token at the peak, activation, share of the maximum")}\n${formatTable(rows, [0, 2])}`;
}
