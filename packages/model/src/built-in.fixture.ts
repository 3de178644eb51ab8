import { isLexiscopeError } from "@lexiscope/core";
import { fetchBuiltIn } from "./built-in.ts";

/** The built-in model, fetched by the product's own code, or the reason why tests that need it are skipped. */
export async function builtInForTests(): Promise<{ path: string; skipped?: undefined } | { path?: undefined; skipped: string }> {
  try {
    return { path: await fetchBuiltIn() };
  } catch (error) {
    if (isLexiscopeError(error) && error.code === "environment") return { skipped: `skipped: ${error.message}` };
    throw error;
  }
}

/** Reads one of the golden files. */
export function goldenPath(name: string): URL {
  return new URL(`../golden/${name}`, import.meta.url);
}
