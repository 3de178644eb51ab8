#!/usr/bin/env node
// `npm run test:peers`: outsiders' checks, each with its output kept in docs/evidence/. A check whose Python packages are missing is
// skipped by name; `npm run test:peers -- saelens.txt …` runs those named, and only then the ones that take long. LEXISCOPE_PYTHON names the Python, LEXISCOPE_LLAMA_CPP the folder of llama.cpp's libraries (docs/guide/bench.md says
// what to install).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { ensureNode, fail } from "./with-node.mjs";

await ensureNode(import.meta.url);
const { root, setup } = await import("./steps.mjs");

const python = process.env.LEXISCOPE_PYTHON;
const llamaCpp = process.env.LEXISCOPE_LLAMA_CPP;
const saePython = process.env.LEXISCOPE_SAE_PYTHON;
if (!python)
  fail(
    "LEXISCOPE_PYTHON names no Python",
    "set it to a Python with torch, transformers 5.23, accelerate, gguf, safetensors, sae-lens 6.54",
  );
await setup();
const { fetchBuiltIn } = await import("@lexiscope/model");
const { shelf } = await import("@lexiscope/core");

const scratch = mkdtempSync(join(tmpdir(), "lexiscope-peers-"));
const only = process.argv.slice(2);
const totals = { passed: 0, failed: 0, skipped: 0 };
try {
  const golden = join(scratch, "golden");
  mkdirSync(golden);
  const rows = join(scratch, "rows.safetensors");
  const first = join(shelf("dictionaries"), "first");
  await check("golden.txt", ["torch", "transformers", "gguf"], async () => {
    const model = await fetchBuiltIn();
    return [
      [python, "scripts/golden/model.py", model, "--out", golden],
      [python, "scripts/golden/compare.py", golden],
      [process.execPath, "node_modules/vitest/vitest.mjs", "run", "--reporter=verbose", "packages/model/src/agreement.test.ts"],
    ];
  });
  await check("gguf.txt", ["gguf", "safetensors"], async () =>
    llamaCpp
      ? [[python, "scripts/golden/gguf_files.py", llamaCpp, await fetchBuiltIn()]]
      : "LEXISCOPE_LLAMA_CPP names no folder of llama.cpp's libraries",
  );
  await check("saelens.txt", ["sae_lens"], async () =>
    existsSync(join(first, "manifest.json"))
      ? [
          [process.execPath, "scripts/golden/saelens-rows.mjs", "first", "first", rows],
          [python, "scripts/golden/saelens.py", first, rows],
        ]
      : "there is no dictionary `first`: run `npm start` before",
  );
  const needsFirst = (commands) => async () =>
    existsSync(join(first, "manifest.json")) ? commands : "there is no dictionary `first`: run `npm start` before";
  const folders = join(scratch, "folders");
  await check(
    "saelens-import.txt",
    ["sae_lens"],
    needsFirst([
      [process.execPath, "scripts/golden/saelens-rows.mjs", "first", "first", rows],
      [python, "scripts/golden/saelens_folders.py", "--out", folders, "--rows", rows, "--features", "2048"],
      [process.execPath, "scripts/golden/saelens-import.mjs", folders],
    ]),
  );
  const metrics = join(scratch, "metrics.json");
  await check("saelens-metrics.txt", ["sae_lens", "transformers", "gguf", "accelerate"], async () => {
    const model = await fetchBuiltIn();
    return needsFirst([
      [process.execPath, "scripts/golden/saelens-metrics.mjs", "first", "first", model, "4", metrics],
      [python, "scripts/golden/saelens_metrics.py", first, model, metrics],
    ])();
  });
  const step = join(scratch, "step.safetensors");
  await check(
    "gradients.txt",
    ["torch", "safetensors"],
    needsFirst([
      [process.execPath, "scripts/golden/step-gradients.mjs", "first", step],
      [python, "scripts/golden/step_gradients.py", step],
    ]),
  );
  await check("hub-cache.txt", ["huggingface_hub"], async () => [[process.execPath, "scripts/golden/hub-cache.mjs", python]]);
  const training = join(scratch, "run.safetensors");
  await check(
    "equal-training.txt",
    ["torch", "safetensors"],
    needsFirst(
      [0, 1, 2].flatMap((seed) => [
        [process.execPath, "scripts/golden/equal-training.mjs", "first", String(seed), "500000", training],
        [python, "scripts/golden/equal_training.py", training],
      ]),
    ),
    { long: true },
  );
  await check("api.txt", ["schemathesis"], async () =>
    existsSync(join(shelf("atlases"), "first", "manifest.json"))
      ? [[process.execPath, "scripts/golden/api.mjs", dirname(python)]]
      : "there is no atlas `first`: run `npm start` before",
  );
  await check("bench-peers.txt", ["torch", "transformers", "gguf", "accelerate"], async () => [
    [process.execPath, "lexiscope", "bench", "--peers", "--python", python, ...(saePython ? ["--sae-python", saePython] : [])],
  ]);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
console.log(`${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ""}`);
process.exitCode = totals.failed > 0 ? 1 : 0;

/** Runs a check's commands and keeps what they print; `prepare` may give a reason to skip instead. One that is `long` must be named. */
async function check(file, packages, prepare, { long = false } = {}) {
  if (only.length > 0 ? !only.includes(file) : long) {
    if (only.length === 0) console.log(`left out: ${file} takes a quarter of an hour; \`npm run test:peers -- ${file}\` runs it`);
    return;
  }
  const missing = packages.filter((name) => spawnSync(python, ["-c", `import ${name}`]).status !== 0);
  const commands = missing.length > 0 ? `${python} lacks ${missing.join(", ")}` : await prepare();
  if (typeof commands === "string") {
    console.log(`skipped: ${file}: ${commands}`);
    totals.skipped++;
    return;
  }
  const versions = spawnSync(
    python,
    [
      "-c",
      `import ${packages.join(", ")}; print(*[f"{m.__name__} {m.__version__}" for m in (${packages.join(", ")},) if hasattr(m, "__version__")], sep=", ")`,
    ],
    { encoding: "utf8" },
  );
  let text = `${new Date().toISOString().slice(0, 10)} · ${versions.stdout.trim()}\n`;
  for (const [command, ...args] of commands) {
    text += `$ ${[command, ...args]
      .map((word) =>
        word
          .replaceAll(python, "python")
          .replaceAll(saePython || "\0", "python")
          .replaceAll(isAbsolute(python) ? dirname(python) : "\0", "PYTHON-BIN")
          .replaceAll(process.execPath, "node")
          .replaceAll(scratch, "OUT")
          .replaceAll(shelf("dictionaries"), "DICTIONARIES")
          .replaceAll(shelf("models"), "MODELS")
          .replaceAll(llamaCpp || "\0", "LLAMA_CPP")
          .replaceAll(`${root}/`, ""),
      )
      .join(" ")}\n`;
    const env = { ...process.env, NO_COLOR: "1" };
    const run = spawnSync(command, args, { cwd: root, env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 26 });
    process.stdout.write(run.stdout ?? "");
    text += (run.stdout ?? "").replaceAll(scratch, "OUT").replaceAll(root.replace(/[/\\]$/, ""), ".");
    if (run.status !== 0) {
      console.log(`FAILED: ${file}: ${command} ${args.join(" ")}`);
      totals.failed++;
      return;
    }
  }
  mkdirSync(join(root, "docs", "evidence"), { recursive: true });
  writeFileSync(join(root, "docs", "evidence", file), text);
  totals.passed++;
}
