// node tests/fuzz/run.ts TARGET… --cases 1000000 --seed 1 [--seconds 60] [--guided [--keep]]: fuzzes in a process of its own, which is ended when it hangs.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fuzzByStructure } from "./by-structure.ts";
import { fuzzByCoverage } from "./by-coverage.ts";
import { registry } from "./registry.ts";

/** Without a word from the child for so long it hangs. Counted by the second, so that a time for which all was stopped does not count. */
const silenceSeconds = 120;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    seconds: { type: "string", default: "Infinity" },
    guided: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    child: { type: "boolean", default: false },
  },
});
const names = positionals.length === 0 ? Object.keys(registry) : positionals;

if (values.child) {
  const [name = ""] = names;
  const fuzz = values.guided ? fuzzByCoverage : fuzzByStructure;
  await fuzz(name, {
    cases: Number(values.cases),
    seed: Number(values.seed),
    seconds: Number(values.seconds),
    keep: values.keep,
    onProgress: (line) => console.log(line),
  });
} else {
  let failed = 0;
  for (const name of names) {
    if (!registry[name]) throw new Error(`there is no target ${name}: ${Object.keys(registry).join(", ")}`);
    failed += (await runChild(name)) ? 0 : 1;
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

async function runChild(name: string): Promise<boolean> {
  const flags = (["guided", "keep"] as const).flatMap((flag) => (values[flag] ? [`--${flag}`] : []));
  const args = [
    fileURLToPath(import.meta.url),
    name,
    "--child",
    "--cases",
    values.cases,
    "--seed",
    values.seed,
    "--seconds",
    values.seconds,
    ...flags,
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const end = (): void => void child.kill("SIGKILL");
  process.once("SIGTERM", end).once("SIGINT", end);
  let last = "";
  let silent = 0;
  const watch = setInterval(() => {
    if (++silent !== silenceSeconds) return;
    console.log(`${name}: no word for ${silenceSeconds} s after "${last}"`);
    child.kill("SIGKILL");
  }, 1000);
  const ended = new Promise<boolean>((resolve) =>
    child.on("close", (code, signal) => {
      if (code !== 0) console.log(`${name}: FAULT (exit ${code ?? signal}) after "${last}"`);
      resolve(code === 0);
    }),
  );
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    silent = 0;
    console.log(line);
  }
  const good = await ended;
  clearInterval(watch);
  return good;
}
