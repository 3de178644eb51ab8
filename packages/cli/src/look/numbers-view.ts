import type { Metrics, TrainResult } from "@lexiscope/contract";
import type { Colors } from "../colors.ts";
import { formatCount, formatTable } from "../text.ts";

/** A dictionary's numbers on held-out documents beside its baselines. */
export function numbersView(
  { metrics, baselines, dead, features, screening }: Pick<TrainResult, "metrics" | "baselines" | "dead" | "features" | "screening">,
  colors: Colors,
): string {
  const rows = [["", "L0", "FVU", "ΔCE, nats", "CE recovered"].map(colors.dim), row(colors.bold("this dictionary"), metrics)];
  if (baselines.random) rows.push(row("random dictionary", baselines.random));
  if (baselines.pca) rows.push(row("PCA", baselines.pca));
  const share = (100 * dead.count) / features;
  const lines = [
    formatTable(rows, [1, 2, 3, 4]),
    `${formatCount(dead.count)} of ${formatCount(features)} features are dead (${share.toFixed(1)} %): silent for the last ${formatCount(dead.windowTokens)} tokens of training.`,
    colors.dim(`On ${formatCount(metrics.tokens)} held-out tokens: FVU = Σ‖x−x̂‖² / Σ‖x−x̄‖² about the mean, L0 = features on per token.`),
  ];
  if (screening)
    lines.push(
      `Trained with 8-bit screening, not exactly: ${formatCount(screening.differingRows)} of ${formatCount(screening.checkedRows)} checked rows got other features.`,
    );
  if (metrics.ceClean !== null)
    lines.push(
      colors.dim(
        `On ${formatCount(metrics.ceTokens ?? metrics.tokens)} of them: ΔCE = loss with x̂ in place of x, minus clean (${metrics.ceClean.toFixed(3)})${metrics.deltaCeMeanAblation === null ? "" : `; recovered = share of the ${metrics.deltaCeMeanAblation.toFixed(2)} nats that the mean in place of x costs`}.`,
      ),
    );
  return lines.join("\n");
}

function row(name: string, metrics: Metrics): string[] {
  const { deltaCe, deltaCeMeanAblation } = metrics;
  const recovered = deltaCe === null || !deltaCeMeanAblation ? "–" : `${(100 * (1 - deltaCe / deltaCeMeanAblation)).toFixed(1)} %`;
  return [name, metrics.l0.toFixed(1), metrics.fvu.toFixed(3), deltaCe === null ? "–" : deltaCe.toFixed(3), recovered];
}
