#!/usr/bin/env node
// `npm run test:peers`: runs the benchmark in turn with PyTorch and Transformers and keeps its output in docs/evidence/.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureNode, fail } from "./with-node.mjs";

await ensureNode(import.meta.url);
const { root, setup } = await import("./steps.mjs");

const python = process.env.LEXISCOPE_PYTHON;
if (!python)
  fail(
    "LEXISCOPE_PYTHON names no Python",
    "set it to a Python with torch, transformers 5.23, accelerate, gguf and safetensors (docs/guide/bench.md)",
  );
const probe = spawnSync(python, ["-c", "import torch, transformers, gguf; print(torch.__version__, transformers.__version__)"], {
  encoding: "utf8",
});
if (probe.status !== 0)
  fail(
    `${python} lacks what the peers need: ${(probe.stderr || probe.error?.message || "").trim().split("\n").pop()}`,
    "pip install torch transformers accelerate gguf safetensors",
  );
await setup();

const evidence = join(root, "docs", "evidence");
mkdirSync(evidence, { recursive: true });
const bench = spawnSync(process.execPath, [join(root, "lexiscope"), "bench", "--peers", "--python", python], {
  cwd: root,
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
});
process.stdout.write(bench.stdout);
if (bench.status === 0)
  writeFileSync(
    join(evidence, "bench-peers.txt"),
    `$ ./lexiscope bench --peers  (${probe.stdout.trim()}: torch, transformers)\n${bench.stdout}`,
  );
process.exit(bench.status ?? 1);
