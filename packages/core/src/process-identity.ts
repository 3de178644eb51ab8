import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { LexiscopeError } from "./errors.ts";

/** Names one process for good: a pid is given again to others, a pid with its start time is not. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque; equal only for the same process. Linux: boot id and field 22 of /proc/PID/stat. macOS: `ps -o lstart`. */
  startTime: string;
}

interface Seen {
  startTime: string;
  /** Ended, but its parent has not asked for the exit code yet. */
  zombie: boolean;
}

/** Where nothing tells when a process began, a live pid counts as the process meant. */
const unknownStart = "unknown";

/** The identity of this process, or of one that was just spawned by us and is not reaped yet. */
export function identityOf(pid: number): ProcessIdentity {
  const seen = lookNow(pid);
  if (!seen) throw new LexiscopeError("environment", `the start time of process ${pid} cannot be read`, { hint: "is /proc mounted?" });
  return { pid, startTime: seen.startTime };
}

/** Whether this very process is still running; another one under the same pid does not count, nor does one that only waits to be reaped. */
export async function isRunning({ pid, startTime }: ProcessIdentity): Promise<boolean> {
  const seen = await look(pid);
  return seen !== undefined && !seen.zombie && (seen.startTime === startTime || seen.startTime === unknownStart);
}

function lookNow(pid: number): Seen | undefined {
  try {
    if (process.platform === "linux") return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    if (process.platform !== "win32") return parsePs(execFileSync("ps", psArguments(pid), psOptions));
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  return byPid(pid);
}

async function look(pid: number): Promise<Seen | undefined> {
  try {
    if (process.platform === "linux") return parseStat(await readFile(`/proc/${pid}/stat`, "utf8"));
    if (process.platform !== "win32") return parsePs((await promisify(execFile)("ps", psArguments(pid), psOptions)).stdout);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  return byPid(pid);
}

/** `ps` leaves with 1 when there is no such process. Anything else tells nothing about it. */
function isAbsence(error: unknown): boolean {
  const { code, status } = error as { code?: unknown; status?: unknown };
  return code === "ENOENT" || code === "ESRCH" || code === 1 || status === 1;
}

/** /proc may be missing, or hide the processes of others: then the system itself is asked. */
function byPid(pid: number): Seen | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return undefined;
  }
  return { startTime: unknownStart, zombie: false };
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
