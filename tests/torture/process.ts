import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../support.ts";
import type { Subject } from "./subjects.ts";

/** How a process ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  ms: number;
}

export interface Running {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** What it printed so far. */
  output: () => string;
}

export interface RunOptions {
  /** A program and its options that run the command: `strace …`, `prlimit …`. */
  under?: readonly string[];
  env?: NodeJS.ProcessEnv;
  json?: boolean;
}

/** Starts the subject's command, `./lexiscope …`, as a process of its own. */
export function startCommand(subject: Pick<Subject, "args" | "env">, { under = [], env = {}, json = false }: RunOptions = {}): Running {
  const [program = process.execPath, ...words] = [
    ...under,
    process.execPath,
    join(root, "lexiscope"),
    ...subject.args,
    ...(json ? ["--json"] : []),
  ];
  const started = performance.now();
  const child = spawn(program, words, {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", NODE_ENV: undefined, VITEST: undefined, ...subject.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr, ms: performance.now() - started }));
  });
  return { child, ended, output: () => stderr + stdout };
}

/** Runs the command to its end. */
export function runCommand(subject: Pick<Subject, "args" | "env">, options: RunOptions = {}): Promise<Ended> {
  return startCommand(subject, options).ended;
}
