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
  /** Such calls that the thread with most of them makes in an unbroken run. */
  points: number;
  killed: number;
  resumed: number;
  broken: string[];
}

/**
 * kill -9 exactly before the nth call that changes the disk, for every n (or `times` of them, drawn): every state that
 * a crash can leave between two calls. strace counts by thread, so all asynchronous calls are made by one.
 */
export async function tortureByPoints(ref: Reference, { times, seed }: { times: number; seed: number }): Promise<PointCounts> {
  const { subject } = ref;
  const random = createRandom(seed);
  const points = await countPoints(ref);
  const chosen = random.shuffle(Array.from({ length: points }, (_, i) => i + 1)).slice(0, times);
  const counts: PointCounts = { points, killed: 0, resumed: 0, broken: [] };
  for (const n of chosen.toSorted((a, b) => a - b)) {
    const what = `${subject.name}, killed before call ${n} of ${points}`;
    await subject.reset();
    try {
      const run = await runCommand(subject, { under: strace(`-e inject=${changing}:signal=SIGKILL:when=${n}`), env: oneThread });
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
const strace = (options: string): string[] =>
  `strace -f -qq --seccomp-bpf -o /dev/null -e trace=${changing} ${options}`.split(" ");

async function countPoints({ subject }: Reference): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-strace-"));
  try {
    await subject.reset();
    const log = join(folder, "log");
    const run = await runCommand(subject, { under: `strace -f -qq --seccomp-bpf -o ${log} -e trace=${changing}`.split(" "), env: oneThread });
    if (run.code !== 0) throw new Error(`strace left with ${run.code}: ${run.stderr}`);
    const calls = new Map<string, number>();
    for (const line of (await readFile(log, "utf8")).split("\n")) {
      const thread = /^(\d+) +\w+\(/.exec(line)?.[1];
      if (thread !== undefined) calls.set(thread, (calls.get(thread) ?? 0) + 1);
    }
    return Math.max(0, ...calls.values());
  } finally {
    await rm(folder, { recursive: true });
  }
}
