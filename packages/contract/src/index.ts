export * from "./architecture.ts";
export * from "./manifests.ts";
