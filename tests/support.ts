import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRandom, lexiscopeHome } from "@lexiscope/core";

export const root = fileURLToPath(new URL("..", import.meta.url));

export interface Run {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  seconds: number;
  /** The last line of stdout, parsed. */
  last: () => unknown;
  /** All lines of stdout, parsed. */
  lines: () => unknown[];
}

export interface RunOptions {
  home: string;
  env?: NodeJS.ProcessEnv;
  input?: string;
  cwd?: string;
  /** Called with what stderr and stdout have so far, and the process, whenever there is more. */
  onOutput?: (text: string, child: ChildProcess) => void;
}

/** Runs `./lexiscope` as a process of its own. */
export function lexiscope(args: readonly string[], options: RunOptions): Promise<Run> {
  return runScript("lexiscope", args, options);
}

export function runScript(
  script: string,
  args: readonly string[],
  { home, env = {}, input, cwd = root, onOutput }: RunOptions,
): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, [script.startsWith("/") ? script : join(root, script), ...args], {
    cwd,
    env: { ...process.env, LEXISCOPE_HOME: home, NO_COLOR: "1", NODE_ENV: undefined, VITEST: undefined, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {}); // a command that ends before it has read its input
  child.stdin.end(input ?? "");
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    stdout += part;
    onOutput?.(stderr + stdout, child);
  });
  child.stderr.setEncoding("utf8").on("data", (part: string) => {
    stderr += part;
    onOutput?.(stderr + stdout, child);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const lines = (): unknown[] =>
        stdout
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown);
      resolve({ code, signal, stdout, stderr, seconds: (performance.now() - started) / 1000, lines, last: () => lines().at(-1) });
    });
  });
}

export interface Serving {
  /** The address that was printed. */
  url: string;
  /** Seconds from the start of the process until the address was printed. */
  seconds: number;
  child: ChildProcess;
  /** What stdout and stderr have so far. */
  output: () => string;
  /** Ctrl-C, or another signal; resolves when the process has ended, at once where it has already. */
  stop: (signal?: NodeJS.Signals) => Promise<Run>;
}

/** Runs `lexiscope serve` or `lexiscope start` until its address is printed. Without a `--port` any free one is taken. */
export function serving(args: readonly string[], options: RunOptions): Promise<Serving> {
  const began = performance.now();
  const port = args.includes("--port") ? [] : ["--port", "0"];
  return new Promise((resolve, reject) => {
    let output = "";
    const run = lexiscope([...args, ...port], {
      ...options,
      onOutput: (text, child) => {
        output = text;
        const url = /Lexiscope is at (\S+)|"type":"serving","url":"([^"]+)"/.exec(text);
        if (!url) return;
        resolve({
          url: url[1] ?? url[2] ?? "",
          seconds: (performance.now() - began) / 1000,
          child,
          output: () => output,
          stop: (signal = "SIGINT") => (child.kill(signal), run),
        });
      },
    });
    run.then(({ code, stderr }) => reject(new Error(`it ended with ${code} before it served: ${stderr}`)), reject);
  });
}

/** A home of its own that shares the models and the text that the user has already. */
export async function makeHome(): Promise<{ home: string; remove: () => Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), "lexiscope-home-"));
  for (const shelf of ["models", "text"]) {
    const shared = join(lexiscopeHome(), shelf);
    await mkdir(shared, { recursive: true });
    await symlink(shared, join(home, shelf));
  }
  return { home, remove: () => rm(home, { recursive: true, force: true }) };
}

const animals = ["otter", "heron", "badger", "walrus", "falcon", "lynx", "beetle", "salmon"];
const places = ["river", "harbour", "forest", "library", "market", "mountain", "garden", "station"];
const deeds = ["counted", "painted", "repaired", "remembered", "measured", "carried", "followed", "described"];
const things = ["stone", "letter", "engine", "window", "basket", "number", "song", "bridge"];

/** A folder of invented reports, always the same for a seed: text without a network, about 500 tokens a file. */
export async function writeReports(folder: string, files: number, seed = 1): Promise<string> {
  const random = createRandom(seed);
  const pick = (words: readonly string[]): string => words[random.below(words.length)] ?? "";
  const sentence = (): string =>
    `The ${pick(animals)} of the ${pick(places)} ${pick(deeds)} ${random.below(90) + 2} ${pick(things)}s before the ${pick(animals)} ${pick(deeds)} the ${pick(things)}.`;
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < files; i++)
    await writeFile(join(folder, `report-${i}.txt`), `Report ${i}. ${Array.from({ length: 24 }, sentence).join(" ")}\n`);
  return folder;
}

/** The smallest arguments that make a real store, dictionary and atlas of `text`, in the terminal or with the page. */
export function tinyStart(name: string, text: string, { page = false } = {}): string[] {
  return [
    "start",
    page ? "--no-open" : "--no-page",
    "--name",
    name,
    "--text",
    text,
    "--tokens",
    "6k",
    "--context",
    "64",
    "--features",
    "256",
    "--k",
    "8",
    "--steps",
    "60",
  ];
}
