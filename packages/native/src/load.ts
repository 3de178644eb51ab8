import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LexiscopeError, messageOf } from "@lexiscope/core";
import type { Addon } from "./addon-types.ts";

let addon: Addon | undefined;

/** The addon's file: built from `native/` by the set-up; `LEXISCOPE_ADDON` names another one. */
export function addonPath(): string {
  return process.env["LEXISCOPE_ADDON"] ?? fileURLToPath(new URL("../lexiscope.node", import.meta.url));
}

/** Loads the addon once. Says what to do when it was never built, or was built for another machine. */
export function loadAddon(): Addon {
  if (addon) return addon;
  const path = addonPath();
  if (!existsSync(path)) {
    throw new LexiscopeError("environment", "the native addon has not been built", {
      file: path,
      hint: "run `npm run setup` (it needs Rust: https://rustup.rs)",
    });
  }
  try {
    addon = createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    throw new LexiscopeError("environment", `the native addon does not load: ${messageOf(error)}`, {
      file: path,
      hint: "delete the file and run `npm run setup`",
      cause: error,
    });
  }
  return addon;
}
