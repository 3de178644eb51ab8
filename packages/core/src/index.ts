export * from "./errors.ts";
export * from "./files.ts";
export * from "./format-count.ts";
export * from "./home.ts";
export * from "./progress.ts";
export * from "./random.ts";
export * from "./sites.ts";
export * from "./version.ts";
