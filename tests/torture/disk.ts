import { execFileSync } from "node:child_process";
import { watch } from "node:fs";
import { rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "@lexiscope/core";
import { Broken, checkBroken, checkEnd, checkRefusal, checkWhole } from "./check.ts";
import { type Ended, runCommand, startCommand } from "./process.ts";
import type { Reference } from "./subjects.ts";

export interface DiskCounts extends Record<string, number | string[]> {
  /** Runs that the disk stopped. */
  refused: number;
  /** Runs that ended well: what was left was enough, or the fault came too late. */
  enough: number;
  compared: number;
  broken: string[];
}

interface Disk {
  free(): Promise<number>;
  readOnly(on: boolean): boolean;
  unmount(): void;
}

/** A file system of its own in memory over the subject's root; undefined where this process may not mount one. */
export function mountDisk(root: string, megabytes: number): Disk | undefined {
  const mount = (...args: string[]): boolean => {
    try {
      execFileSync("mount", args, { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !mount("-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", root))
    return undefined;
  return {
    free: async () => {
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    },
    readOnly: (on) => mount("-o", `remount,${on ? "ro" : "rw"}`, root),
    unmount: () => void execFileSync("umount", [root]),
  };
}

/** For faults that need no file system of their own. */
const noDisk: Disk = { free: () => Promise.resolve(0), readOnly: () => false, unmount: () => undefined };

type Fault = (
  ref: Reference,
  disk: Disk,
  random: ReturnType<typeof createRandom>,
) => Promise<{ run: Ended; what: string; mend: () => Promise<void> }>;

/** Fills the disk at a random event of the run, or before it, to a random number of bytes less than it needs. */
const fill: Fault = async ({ subject, bytes }, disk, random) => {
  const filler = join(subject.root, "filler");
  const left = Math.floor(random.next() * 1.1 * bytes);
  const event = random.below(30);
  const full = async (): Promise<void> => {
    const free = await disk.free();
    await writeFile(filler, Buffer.alloc(Math.max(0, free - left)), { flag: "a" }).catch(() => undefined);
  };
  const running = await atEvent(subject.root, event, () => startCommand(subject), full);
  return { run: await running.ended, what: `${left} bytes left at event ${event}`, mend: () => rm(filler, { force: true }) };
};

/** Takes away the right to write, before the run or at a random event of it. */
const readOnly: Fault = async ({ subject }, disk, random) => {
  const event = random.below(30);
  const running = await atEvent(
    subject.root,
    event,
    () => startCommand(subject),
    async () => {
      // Refused while a file is open for writing.
      while (!disk.readOnly(true)) await sleep(1);
    },
  );
  const run = await running.ended;
  return { run, what: `read-only from event ${event} on`, mend: async () => void disk.readOnly(false) };
};

/** No file may grow beyond a random size: what `ulimit -f` does, and a file system with small files. */
const limit: Fault = async (ref, _, random) => {
  const bytes = 512 * random.below(512);
  const run = await runCommand(ref.subject, { under: ["prlimit", `--fsize=${bytes}`], env: { NODE_COMPILE_CACHE: undefined } });
  return { run, what: `files of at most ${bytes} bytes`, mend: async () => undefined };
};

const torture =
  (fault: Fault, megabytes: number) =>
  async (ref: Reference, { times, seed }: { times: number; seed: number }): Promise<DiskCounts> => {
    const { subject } = ref;
    const random = createRandom(seed);
    const counts: DiskCounts = { refused: 0, enough: 0, compared: 0, broken: [] };
    for (let i = 0; i < times; i++) {
      // A download wants 100 MB to spare before it begins.
      const disk = mountDisk(subject.root, subject.name === "download" ? 160 : megabytes);
      if (!disk && fault !== limit) throw new Error("mounting a file system needs root");
      let what = `${subject.name}, seed ${seed}, case ${i}`;
      try {
        await subject.reset();
        const found = await fault(ref, disk ?? noDisk, random);
        what += `, ${found.what}`;
        if (found.run.code === 0) counts.enough++;
        else {
          checkRefusal(ref, found.run, what);
          counts.refused++;
        }
        await found.mend();
        await checkBroken(ref, what);
        const last = await runCommand(subject);
        checkEnd(last, what);
        await checkWhole(ref, last, what);
        counts.compared++;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        counts.broken.push(error.message);
      } finally {
        disk?.readOnly(false);
        disk?.unmount();
      }
    }
    return counts;
  };

export const tortureByFullDisk = torture(fill, 8);
export const tortureByReadOnly = torture(readOnly, 64);
export const tortureByFileLimit = torture(limit, 64);

/** Starts something and does `act` at the `n`th event of the folder; before the start when n is 0. */
async function atEvent<T extends { ended: Promise<unknown> }>(
  root: string,
  n: number,
  start: () => T,
  act: () => Promise<void>,
): Promise<T> {
  if (n === 0) {
    await act();
    return start();
  }
  const watcher = watch(root, { recursive: true });
  try {
    const running = start();
    let left = n;
    await Promise.race([new Promise<void>((resolve) => watcher.on("change", () => --left === 0 && resolve())), running.ended]);
    watcher.close();
    await act();
    return running;
  } finally {
    watcher.close();
  }
}
