#!/usr/bin/env node
// `npm test`: sets up, runs the Rust, TypeScript and end-to-end tests, and ends with one line of counts.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureNode } from "./with-node.mjs";

await ensureNode(import.meta.url);
const { findCargo, root, setup } = await import("./steps.mjs");

const started = Date.now();
const total = { passed: 0, failed: 0, skipped: 0 };
const phases = [];

await phase("set-up", async () => void (await setup()));
await phase("built-in model", fetchModel);
if (!process.argv.includes("--no-rust")) await phase("Rust tests", testRust);
await phase("TypeScript and end-to-end tests", testTypeScript);

for (const [name, seconds] of phases) console.log(`${name}: ${seconds.toFixed(1)} s`);
console.log(`all: ${((Date.now() - started) / 1000).toFixed(1)} s`);
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

async function phase(name, work) {
  const from = Date.now();
  console.log(`── ${name}`);
  await work();
  phases.push([name, (Date.now() - from) / 1000]);
}

async function testRust() {
  const cargo = findCargo();
  if (!cargo) {
    console.log("Rust is needed for its tests: https://rustup.rs");
    total.failed++;
    return;
  }
  const { status, output } = await show(cargo.command, ["test", "--release", "--locked", "--workspace", "--no-fail-fast"], {
    cwd: join(root, "native"),
    env: { ...process.env, ...cargo.env },
  });
  let failed = 0;
  for (const match of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    total.passed += Number(match[1]);
    failed += Number(match[2]);
    total.skipped += Number(match[3]);
  }
  total.failed += status !== 0 && failed === 0 ? 1 : failed;
}

/** Fetched once, so that no test waits for a download. Tests that need it fail by themselves where it is not to be had. */
async function fetchModel() {
  await show(process.execPath, [join(root, "lexiscope"), "model"], { cwd: root, env: process.env });
}

async function testTypeScript() {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-test-"));
  const report = join(folder, "report.json");
  try {
    const args = [
      join(root, "node_modules", "vitest", "vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
    ];
    const { status } = await show(process.execPath, args, { cwd: root, env: process.env });
    const counts = JSON.parse(await readFile(report, "utf8").catch(() => "{}"));
    total.passed += counts.numPassedTests ?? 0;
    total.skipped += (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0);
    const failed = counts.numFailedTests ?? 0;
    total.failed += status !== 0 && failed === 0 ? 1 : failed;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a command, showing what it says and keeping its stdout. */
function show(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.on("error", (error) => {
      console.log(error.message);
      resolve({ status: 1, output });
    });
    child.on("close", (status) => resolve({ status: status ?? 1, output }));
  });
}
