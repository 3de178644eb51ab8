import type { DictionaryManifest } from "@lexiscope/contract";
import { formatCount } from "../../parts/format.ts";

export interface ScoreRow {
  id: "clean" | "dictionary" | "pca" | "random" | "mean";
  name: string;
  fvu: number | null;
  l0: number | null;
  deltaCe: number | null;
  ce: number | null;
  /** ΔCE as a share of what mean ablation costs. */
  gap: number | null;
}

/** The dictionary's scores between what they cannot beat (the model as it is) and what they must beat. */
export function scoreRows({ metrics, baselines }: Pick<DictionaryManifest, "metrics" | "baselines">): ScoreRow[] {
  const { ceClean, deltaCeMeanAblation: worst } = metrics;
  const share = (deltaCe: number | null): number | null => (deltaCe === null || worst === null || worst <= 0 ? null : deltaCe / worst);
  const rows: ScoreRow[] = [
    { id: "clean", name: "Model as it is", fvu: 0, l0: null, deltaCe: ceClean === null ? null : 0, ce: ceClean, gap: share(0) },
  ];
  const add = (id: ScoreRow["id"], name: string, of: DictionaryManifest["metrics"] | null): void => {
    if (of !== null) rows.push({ id, name, fvu: of.fvu, l0: of.l0, deltaCe: of.deltaCe, ce: of.cePatched, gap: share(of.deltaCe) });
  };
  add("dictionary", "This dictionary", metrics);
  add("pca", `PCA${baselines.pcaComponents === undefined ? "" : `, ${baselines.pcaComponents} parts`}`, baselines.pca);
  add("random", "Random dictionary", baselines.random);
  if (worst !== null)
    rows.push({ id: "mean", name: "Mean ablation", fvu: 1, l0: 0, deltaCe: worst, ce: ceClean === null ? null : ceClean + worst, gap: 1 });
  return rows;
}

/** How many features are dead, or silent where the training is not known, and what the scores were taken on. */
export function scoreNote({
  metrics,
  dead,
  features,
  baselines,
  imported,
}: Pick<DictionaryManifest, "metrics" | "dead" | "features" | "baselines" | "imported">): string {
  const window = `${formatCount(dead.windowTokens)} tokens`;
  const ce = metrics.ceTokens === undefined ? "" : `, CE on ${formatCount(metrics.ceTokens)}`;
  const without = baselines.pca === null && baselines.random === null ? " There are no baselines." : "";
  return (
    `${formatCount(dead.count)} of ${formatCount(features)}, ${imported ? `on ${window}` : `silent over the last ${window} of training`}. ` +
    `Measured on ${formatCount(metrics.tokens)} tokens of held-out documents${ce}.${without}`
  );
}
