import { join } from "node:path";

/** Files of an atlas, relative to its folder; beside them the dictionary's own (`cfg.json`, `sae_weights.safetensors`: SAELens' layout). */
export const atlasFiles = {
  manifest: "manifest.json",
  features: "features.sqlite",
  examples: "examples",
  /** Where each feature's record lies: {"LAYER": {filename, offsets}}. */
  examplesIndex: join("examples", "index.json.gz"),
  contexts: join("examples", "contexts.bin"),
  /** Where each context lies: {"contexts": {filename, offsets}}. */
  contextsIndex: join("examples", "contexts.json.gz"),
} as const;

/** The packed file of a layer's features, and its key in the index. */
export function featureFile(layer: number): { path: string; filename: string; key: string } {
  const filename = `layer-${layer}.bin`;
  return { path: join(atlasFiles.examples, filename), filename, key: String(layer) };
}
