import type { FeatureSummary, Overlay } from "@lexiscope/atlas";
import type { FeatureRow } from "@lexiscope/contract";

/** Features as lists show them, with people's own names. */
export function featureRows(features: readonly FeatureSummary[], overlay: Pick<Overlay, "labelsOf"> | undefined): FeatureRow[] {
  const labels = overlay?.labelsOf(features.map(({ index }) => index));
  return features.map(({ index, density, fired, maximum, mean, effect, topToken, word, topOutput }) => ({
    index,
    density,
    fired,
    maximum,
    mean,
    effect,
    topToken,
    word,
    topOutput,
    name: nameOf(labels?.get(index)),
  }));
}

/** A label may have a note alone. */
export function nameOf(label: { name: string } | undefined): string | null {
  return label === undefined || label.name === "" ? null : label.name;
}
