#!/usr/bin/env node
// Everything that a machine can judge without running the product: layout, lints, types, layers, dead code.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureNode } from "./with-node.mjs";

await ensureNode(import.meta.url);
const { findCargo, root, setupPackages } = await import("./steps.mjs");
await setupPackages();

/** @returns {[string, string[]]} */
const tool = (file, ...args) => [process.execPath, [join(root, "node_modules", file), ...args]];
/** @type {[string, string, string[], object?][]} */
const checks = [
  ["format", ...tool("oxfmt/bin/oxfmt", "--check")],
  ["lint", ...tool("oxlint/bin/oxlint")],
  ["types", ...tool("typescript/bin/tsc", "-b")],
  ["layers", process.execPath, [join(root, "scripts", "check-layers.mjs")]],
  ["unused code", ...tool("knip/bin/knip.js")],
];
const cargo = findCargo();
if (cargo) {
  const env = { ...process.env, ...cargo.env };
  checks.push(["Rust format", cargo.command, ["fmt", "--all", "--check"], { cwd: join(root, "native"), env }]);
  checks.push([
    "Rust lint",
    cargo.command,
    ["clippy", "--workspace", "--all-targets", "--release", "--locked", "--quiet", "--", "-D", "warnings"],
    { cwd: join(root, "native"), env },
  ]);
} else {
  console.error("Rust is not there: its checks are left out (https://rustup.rs)");
}

const only = process.argv.slice(2);
let failed = 0;
for (const [name, command, args, options = {}] of checks) {
  if (only.length > 0 && !only.includes(name)) continue;
  const started = Date.now();
  const run = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28, ...options });
  const passed = run.status === 0;
  console.log(`${passed ? "ok    " : "FAILED"} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (!passed) {
    failed++;
    console.log([run.stdout, run.stderr, run.error?.message].filter(Boolean).join("\n").trimEnd());
  }
}
if (failed > 0) console.log(`${failed} of the checks failed.`);
process.exit(failed > 0 ? 1 : 0);
