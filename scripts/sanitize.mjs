#!/usr/bin/env node
// Runs the native tests under a sanitizer: `node scripts/sanitize.mjs address` (or `thread`), with nightly Rust. See docs/guide/checks.md.
// --seconds N ends a test binary after so long (default 900); what follows `--` goes to the binaries (`-- --skip NAME`).
import { spawnSync } from "node:child_process";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = "x86_64-unknown-linux-gnu";
const crates = ["lexiscope-kernels", "lexiscope-dictionary", "lexiscope-transformer"];
const kinds = {
  // Every access of memory: bounds, use after free, leaks. A test asks for more than any memory, and is to be told so.
  address: { flags: "-Zsanitizer=address", env: { ASAN_OPTIONS: "detect_stack_use_after_return=1:allocator_may_return_null=1" } },
  // Races between the chunks of our loops. The standard library comes as it is, and its locks are not seen: so loops run on
  // threads that are begun and joined, which are, and tests one after the other.
  thread: {
    flags: "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer --cfg lexiscope_plain_threads",
    env: {
      RUST_TEST_THREADS: "1",
      TSAN_OPTIONS: `allocator_may_return_null=1:suppressions=${join(root, "scripts", "sanitize-thread.supp")}`,
    },
  },
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seconds: { type: "string", default: "900" } } });
const [kind = "address", ...rest] = positionals;
const chosen = kinds[kind];
if (!chosen) {
  console.error(`There is no sanitizer ${kind}: ${Object.keys(kinds).join(", ")}.`);
  process.exit(2);
}
// A folder of its own: the same crates built without the sanitizer stay as they are.
const folder = process.env["CARGO_TARGET_DIR"] ?? join(root, "native", "target", `sanitize-${kind}`);
const env = { ...process.env, ...chosen.env, CARGO_TARGET_DIR: folder, RUSTFLAGS: chosen.flags };
const args = ["+nightly", "test", "--locked", "--target", target, ...crates.flatMap((name) => ["-p", name]), "--tests"];
console.log(`RUSTFLAGS=${chosen.flags} cargo ${args.join(" ")}`);
const build = spawnSync("cargo", [...args, "--no-run", "--message-format=json-render-diagnostics"], {
  cwd: join(root, "native"),
  env,
  stdio: ["ignore", "pipe", "inherit"],
  maxBuffer: 2 ** 28,
  encoding: "utf8",
});
if (build.status !== 0) process.exit(build.status ?? 1);

let failed = 0;
const binaries = build.stdout
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line))
  .filter(({ executable, profile }) => executable && profile.test);
for (const { executable, manifest_path: manifest, target: of } of binaries) {
  const started = Date.now();
  const run = spawnSync(executable, rest, {
    cwd: dirname(manifest),
    env: { ...env, CARGO_MANIFEST_DIR: dirname(manifest) },
    timeout: 1000 * Number(values.seconds),
    maxBuffer: 2 ** 28,
    encoding: "utf8",
  });
  const seconds = Math.round((Date.now() - started) / 1000);
  const done = run.stdout.match(/^test .* \.\.\. ok$/gm)?.length ?? 0;
  const name = `${basename(dirname(manifest))}/${of.name}`;
  if (run.status === 0) console.log(`${name}: ${/^test result: (.*); finished/m.exec(run.stdout)?.[1]} (${seconds} s)`);
  else {
    failed++;
    const how = run.error?.code === "ETIMEDOUT" ? `not ended after ${seconds} s` : `FAILED (${run.status ?? run.signal})`;
    console.log(`${name}: ${how}, ${done} tests passed before\n${run.stdout.slice(-4000)}\n${run.stderr.slice(0, 20_000)}`);
  }
}
console.log(`${kind}: ${failed === 0 ? "nothing found" : `${failed} of ${binaries.length} test programs failed or did not end`}`);
process.exit(failed === 0 ? 0 : 1);
