import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@lexiscope/core";
import { Broken, checkBroken, checkWhole } from "./check.ts";
import { runCommand } from "./process.ts";
import type { Reference } from "./subjects.ts";

/** System calls that change what stands on the disk, but for plain `write`, which also wakes threads. */
const changing =
  "rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,fsync,fdatasync,ftruncate,copy_file_range,sendfile,pwrite64";

export interface PointCounts extends Record<string, number | string[]> {
  /** Such calls of an unbroken run. */
  points: number;
  killed: number;
  resumed: number;
  broken: string[];
}

/**
 * kill -9 exactly before the nth call of a kind that changes the disk, for every kind and n (or `times` of them, drawn): every state
 * that a crash can leave between two calls. strace counts by kind and thread, so all asynchronous calls are made by one.
 */
export async function tortureByPoints(ref: Reference, { times, seed }: { times: number; seed: number }): Promise<PointCounts> {
  const { subject } = ref;
  const random = createRandom(seed);
  const points = await listPoints(ref);
  const counts: PointCounts = { points: points.length, killed: 0, resumed: 0, broken: [] };
  for (const { call, n } of random.shuffle(points).slice(0, times)) {
    const what = `${subject.name}, killed before ${call} number ${n}`;
    await subject.reset();
    try {
      const run = await runCommand(subject, { under: strace("/dev/null", `-e inject=${call}:signal=SIGKILL:when=${n}`), env: oneThread });
      if (run.signal === "SIGKILL" || run.code === 137) counts.killed++;
      await checkBroken(ref, what);
      const last = await runCommand(subject);
      if (subject.resumes.test(last.stderr + last.stdout)) counts.resumed++;
      await checkWhole(ref, last, what);
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      counts.broken.push(error.message);
    }
  }
  return counts;
}

const oneThread = { UV_THREADPOOL_SIZE: "1" };
const strace = (log: string, options = ""): string[] => `strace -f -qq -o ${log} -e trace=${changing} ${options}`.trim().split(" ");

interface Point {
  call: string;
  n: number;
}

async function listPoints({ subject }: Reference): Promise<Point[]> {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-strace-"));
  try {
    await subject.reset();
    const log = join(folder, "log");
    const run = await runCommand(subject, { under: strace(log), env: oneThread });
    if (run.code !== 0) throw new Error(`strace left with ${run.code}: ${run.stderr}`);
    const most = new Map<string, number>();
    const calls = new Map<string, number>();
    for (const line of (await readFile(log, "utf8")).split("\n")) {
      const [key, call = ""] = /^\d+ +(\w+)\(/.exec(line) ?? [];
      if (key === undefined) continue;
      calls.set(key, (calls.get(key) ?? 0) + 1);
      most.set(call, Math.max(most.get(call) ?? 0, calls.get(key) ?? 0));
    }
    return [...most].flatMap(([call, count]) => Array.from({ length: count }, (_, i) => ({ call, n: i + 1 })));
  } finally {
    await rm(folder, { recursive: true });
  }
}
