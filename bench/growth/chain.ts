import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom } from "@lexiscope/core";

/** What a command took. */
export interface Ran {
  seconds: number;
  peakMB: number;
}

export interface ChainSize {
  tokens: number;
  harvest: Ran;
  train: Ran;
  index: Ran;
}

const launcher = fileURLToPath(new URL("../../lexiscope", import.meta.url));
const words = "the of a house river was under seven lamps and nobody read letters from northern ports until winter had gone over".split(
  " ",
);

/** Harvest at block 0, train and index of one store of `tokens`, by the commands, in a folder that is removed again. */
export async function chain(tokens: number, features: number, scratch: string): Promise<ChainSize> {
  const folder = await mkdtemp(join(scratch, "growth-"));
  try {
    const text = join(folder, "text.jsonl");
    await writeText(text, tokens);
    const at = (name: string): string => join(folder, name);
    const common = ["--offline", "--json"];
    const n = String(tokens);
    const site = "blocks.0.hook_resid_post";
    const harvest = await run(["harvest", "--text", text, "--tokens", n, "--site", site, "--out", at("store"), ...common]);
    const size = ["--features", String(features), "--k", "32", "--tokens", n, "--no-loss", "--no-baselines"];
    const train = await run(["train", "--store", at("store"), "--dictionary", at("dictionary"), ...size, ...common]);
    const names = ["--store", at("store"), "--dictionary", at("dictionary"), "--atlas", at("atlas")];
    const index = await run(["index", ...names, ...common]);
    return { tokens, harvest, train, index };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Random sentences, a document of some 300 tokens a line. */
async function writeText(path: string, tokens: number): Promise<void> {
  const random = createRandom(4);
  const file = createWriteStream(path);
  for (let written = 0; written < 1.2 * tokens; written += 300) {
    const text = Array.from({ length: 300 }, () => words[random.below(words.length)]).join(" ");
    if (!file.write(`${JSON.stringify({ text })}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

async function run(args: readonly string[]): Promise<Ran> {
  const started = performance.now();
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output = (output + String(chunk)).slice(-4000)));
  let peakMB = 0;
  const watch = setInterval(() => void highWater(child.pid ?? 0).then((mb) => (peakMB = Math.max(peakMB, mb))), 100);
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(watch);
  if (code !== 0) throw new Error(`lexiscope ${args[0]} ended with ${code}: ${output}`);
  return { seconds: (performance.now() - started) / 1000, peakMB };
}

async function highWater(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000);
}
