export { exportFeature, type ExportFeatureOptions } from "./export/feature.ts";
export { type ExportedFile, type ExportFormat, exportFormats } from "./export/file.ts";
export { exportLimits, exportList, type ExportListOptions } from "./export/list.ts";
export { serve, type RunningServer, type ServeOptions } from "./serve.ts";
