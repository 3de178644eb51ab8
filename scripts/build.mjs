#!/usr/bin/env node
// Compiles every package to its dist/ folder and builds the native core.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureNode } from "./with-node.mjs";

await ensureNode(import.meta.url);
const { root, setup } = await import("./steps.mjs");
await setup();
const run = spawnSync(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], { cwd: root, stdio: "inherit" });
process.exit(run.status ?? 1);
