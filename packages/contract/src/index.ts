export * from "./architecture.ts";
export * from "./cli.ts";
export * from "./cli-look.ts";
export * from "./edits.ts";
export * from "./http/index.ts";
export * from "./manifests.ts";
export * from "./overlay.ts";
export * from "./parse-manifest.ts";
