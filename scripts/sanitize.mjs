#!/usr/bin/env node
// Runs the native tests under a sanitizer: `node scripts/sanitize.mjs address` (or `thread`), with nightly Rust. See docs/guide/checks.md.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = "x86_64-unknown-linux-gnu";
const crates = ["lexiscope-kernels", "lexiscope-dictionary", "lexiscope-transformer"];
const kinds = {
  // Every access of memory: bounds, use after free, leaks.
  address: { flags: "-Zsanitizer=address", cargo: [], env: { ASAN_OPTIONS: "detect_stack_use_after_return=1" } },
  // Races between threads. The standard library must be built with it too, which needs the component rust-src.
  thread: { flags: "-Zsanitizer=thread", cargo: ["-Zbuild-std"], env: {} },
};

const [kind = "address", ...rest] = process.argv.slice(2);
const chosen = kinds[kind];
if (!chosen) {
  console.error(`There is no sanitizer ${kind}: ${Object.keys(kinds).join(", ")}.`);
  process.exit(2);
}
const started = Date.now();
const args = ["+nightly", "test", "--locked", ...chosen.cargo, "--target", target, ...crates.flatMap((name) => ["-p", name]), ...rest];
console.log(`RUSTFLAGS=${chosen.flags} cargo ${args.join(" ")}`);
const run = spawnSync("cargo", args, {
  cwd: join(root, "native"),
  // A folder of its own: the same crates built without the sanitizer stay as they are.
  env: {
    CARGO_TARGET_DIR: join(root, "native", "target", `sanitize-${kind}`),
    ...process.env,
    ...chosen.env,
    RUSTFLAGS: chosen.flags,
  },
  stdio: "inherit",
});
console.log(`${kind}: ${run.status === 0 ? "nothing found" : "FAILED"} (${Math.round((Date.now() - started) / 1000)} s)`);
process.exit(run.status ?? 1);
