import type { Atlas, ExampleWindow, FeatureExample, Overlay } from "@lexiscope/atlas";
import type { Example, FeatureDetail } from "@lexiscope/contract";
import { nameOf } from "./rows.ts";

export interface FeatureDetailInput {
  /** What the atlas is called. */
  id: string;
  atlas: Atlas;
  overlay: Overlay | undefined;
  feature: number;
  window: ExampleWindow;
}

/** Everything about a feature, its examples cropped to a window around their peaks. */
export async function featureDetail({ id, atlas, overlay, feature, window }: FeatureDetailInput): Promise<FeatureDetail> {
  const { examples, neighbours, coactive, topOutput: _, ...record } = await atlas.feature(feature, { window });
  const others = [...new Set([...neighbours, ...coactive].map(({ index }) => index))];
  const topTokens = new Map(atlas.summaries(others).map(({ index, topToken }) => [index, topToken]));
  const labels = overlay?.labelsOf(others);
  const known = (index: number): { topToken: string; name: string | null } => ({
    topToken: topTokens.get(index) ?? "",
    name: nameOf(labels?.get(index)),
  });
  const { dictionary, index } = atlas.manifest;
  return {
    id: `${id}/${feature}`,
    atlas: id,
    site: dictionary.site,
    ...record,
    label: overlay?.label(feature) ?? null,
    lists: overlay?.listsWith(feature) ?? [],
    neighbours: neighbours.map((other) => ({ ...other, ...known(other.index) })),
    coactive: coactive.map((other) => ({ ...other, ...known(other.index) })),
    intervals: index.intervals,
    medianNorm: dictionary.medianNorm,
    examples: examples.map(showExample),
  };
}

/** Example `n` of a feature as it is sent. */
export function showExample(example: FeatureExample, n: number): Example {
  const { interval, peak, document, start, from, length, repeat, texts, activations } = example;
  return { n, interval, peak, document, start, from, length, repeat, tokens: texts, activations: Array.from(activations, shortNumber) };
}

/** Six digits: what a 32-bit number holds, without the tail that it gets as a 64-bit one. */
function shortNumber(value: number): number {
  return value === 0 ? 0 : Number(value.toPrecision(6));
}
