export { buildAtlas } from "./build.ts";
export type { BuildAtlasOptions } from "./build-options.ts";
export { openAtlas } from "./open.ts";
export { chooseReadable, readableRule } from "./readable.ts";
export { inspectText, type ActiveFeature, type InspectedToken, type InspectOptions, type LeftOut } from "./inspect.ts";
export type {
  Atlas,
  FeatureCandidate,
  FeatureExample,
  FeatureRecord,
  FeatureSummary,
  SearchHit,
  SearchPlace,
  TokenEffect,
} from "./types.ts";
