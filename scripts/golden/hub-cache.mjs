#!/usr/bin/env node
// Opens a small model from a hub on this machine and asks huggingface_hub what it finds in the cache afterwards:
//   node scripts/golden/hub-cache.mjs PYTHON
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openModel } from "@lexiscope/model";
import { startHub } from "../../packages/model/src/hub/testing/hub-server.ts";
import { tinyArchitecture, tinyWeights, writeTinyFolder } from "../../packages/model/src/tiny-model.fixture.ts";

const [python] = process.argv.slice(2);
if (!python) {
  console.error("usage: hub-cache.mjs PYTHON");
  process.exit(2);
}
const commit = "0123456789abcdef0123456789abcdef01234567";
const folder = mkdtempSync(join(tmpdir(), "lexiscope-hub-"));
try {
  const made = join(folder, "made");
  const a = tinyArchitecture();
  await writeTinyFolder(made, a, tinyWeights(a), { shards: 2 });
  const files = Object.fromEntries(readdirSync(made).map((name) => [name, readFileSync(join(made, name))]));
  const hub = await startHub([{ name: "org/tiny", commit, files: { ...files, "README.md": Buffer.from("# Tiny") } }]);
  const cache = join(folder, "hf", "hub");
  Object.assign(process.env, { LEXISCOPE_HOME: folder, HF_HOME: join(folder, "hf"), HF_ENDPOINT: hub.endpoint });
  delete process.env.HF_HUB_CACHE;
  delete process.env.HF_HUB_OFFLINE;
  try {
    await openModel("org/tiny", { dtype: "f32" });
  } finally {
    await hub.close();
  }
  const needed = readdirSync(join(cache, "models--org--tiny", "snapshots", commit));
  console.log(`fetched ${needed.join(", ")}`);
  const script = join(dirname(fileURLToPath(import.meta.url)), "hub_cache.py");
  const { status } = spawnSync(python, [script, cache, "org/tiny", commit, ...needed], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
