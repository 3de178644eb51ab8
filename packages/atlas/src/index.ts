export { buildAtlas } from "./build.ts";
export type { BuildAtlasOptions } from "./build-options.ts";
export { openAtlas } from "./open.ts";
export { atlasIdentity, openOverlay, overlayPath } from "./overlay.ts";
export { overlayLimits, type ImportCounts, type ListChange, type Overlay, type OverlayOptions } from "./overlay-types.ts";
export { chooseReadable, readableRule } from "./readable.ts";
export { inspectResult } from "./inspect-result.ts";
export { inspectText, type ActiveFeature, type InspectedToken, type InspectOptions, type LeftOut } from "./inspect.ts";
export type {
  Atlas,
  ColumnHistogram,
  ExampleWindow,
  FeatureCandidate,
  FeatureExample,
  FeatureFilter,
  FeatureList,
  FeatureOrder,
  FeatureRecord,
  FeatureSummary,
  ListedFeature,
  ListOptions,
  SearchHit,
  SearchPlace,
  TokenEffect,
} from "./types.ts";
