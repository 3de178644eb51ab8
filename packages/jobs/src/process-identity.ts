import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { LexiscopeError } from "@lexiscope/core";

/** Names one process for good: a pid is given again to others, a pid with its start time is not. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque; equal only for the same process. Linux: boot id and field 22 of /proc/PID/stat. Elsewhere: `ps -o lstart`. */
  startTime: string;
}

interface Seen {
  startTime: string;
  /** Ended, but its parent has not asked for the exit code yet. */
  zombie: boolean;
}

/** The identity of a process that was just spawned by us and is not reaped yet. */
export function identityOf(pid: number): ProcessIdentity {
  const seen =
    process.platform === "linux"
      ? parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"))
      : parsePs(execFileSync("ps", psArguments(pid), psOptions));
  if (!seen) throw new LexiscopeError("environment", `the start time of process ${pid} cannot be read`, { hint: "is /proc mounted?" });
  return { pid, startTime: seen.startTime };
}

/** Whether this very process is still running; another one under the same pid does not count. */
export async function isRunning({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  const seen = await look(pid);
  return seen !== undefined && !seen.zombie && seen.startTime === startTime;
}

/** Jobs need a start time of processes and a Ctrl-C that can be sent; Windows has neither in this form. */
export function requireSupportedSystem(): void {
  if (process.platform !== "win32") return;
  throw new LexiscopeError("unsupported", "jobs run on Linux and macOS only", {
    hint: "run the command in a terminal instead, or use Lexiscope inside WSL",
  });
}

async function look(pid: number): Promise<Seen | undefined> {
  try {
    return process.platform === "linux"
      ? parseStat(await readFile(`/proc/${pid}/stat`, "utf8"))
      : parsePs((await promisify(execFile)("ps", psArguments(pid), psOptions)).stdout);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // `ps` leaves with 1 when there is no such process. Anything else tells nothing about it.
    if (code === "ENOENT" || code === "ESRCH" || (code as unknown) === 1) return undefined;
    throw error;
  }
}

let boot: string | undefined;

function parseStat(stat: string): Seen | undefined {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  // The name in field 2 may hold spaces and brackets: count from the last bracket, where field 3 begins.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, started] = [fields[0], fields[19]];
  return started === undefined ? undefined : { startTime: `${boot}:${started}`, zombie: state === "Z" || state === "X" };
}

const psArguments = (pid: number): string[] => ["-o", "stat=,lstart=", "-p", String(pid)];
/** One language and time zone, whoever asks. */
const psOptions = { encoding: "utf8" as const, env: { ...process.env, LC_ALL: "C", TZ: "UTC" } };

function parsePs(text: string): Seen | undefined {
  const [, state = "", started] = /^\s*(\S+)\s+(.+?)\s*$/m.exec(text) ?? [];
  return started === undefined ? undefined : { startTime: started.replaceAll(/\s+/g, " "), zombie: state.startsWith("Z") };
}
