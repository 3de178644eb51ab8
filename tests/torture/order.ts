import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runCommand } from "./process.ts";
import type { Reference } from "./subjects.ts";

export interface OrderCounts extends Record<string, number | string[]> {
  renames: number;
  /** Files whose last write was followed by an fsync. */
  synced: number;
  broken: string[];
}

const watched = "rename,renameat,renameat2,fsync,fdatasync,write,pwrite64,ftruncate,copy_file_range,sendfile,unlink,unlinkat";

/**
 * What a power cut may leave: every file that gets its final name, alone or in a folder that does, must have been
 * fsynced after its last write, and the folder in which the name stands after the rename. Read off strace.
 */
export async function checkOrder({ subject }: Reference): Promise<OrderCounts> {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-order-"));
  const counts: OrderCounts = { renames: 0, synced: 0, broken: [] };
  try {
    await subject.reset();
    const log = join(folder, "log");
    const run = await runCommand(subject, { under: `strace -f -y -qq -s 0 -o ${log} -e trace=${watched}`.split(" ") });
    if (run.code !== 0) throw new Error(`strace left with ${run.code}: ${run.stderr}`);
    /** Files with bytes that only the page cache has, and folders with a name that only it has. */
    const unsynced = new Set<string>();
    for (const line of whole(await readFile(log, "utf8"))) {
      const [, call = "", path = ""] = /^\d+ +(\w+)\(\d+<([^>]+)>/.exec(line) ?? [];
      const ours = path.startsWith(`${subject.root}/`);
      if (call.endsWith("sync")) {
        if (unsynced.delete(path) && ours) counts.synced++;
      } else if (ours && call !== "" && !isLock(path)) unsynced.add(path);
      const gone = /unlink(?:at)?\((?:\w+(?:<[^>]*>)?, )?"([^"]+)"/.exec(line)?.[1];
      if (gone !== undefined) unsynced.delete(gone);
      // Into a file of ours: copy_file_range(from, …, to, …).
      const target = /copy_file_range\(\d+<[^>]+>, [^,]+, \d+<([^>]+)>|sendfile\(\d+<([^>]+)>/.exec(line);
      const copied = target?.[1] ?? target?.[2];
      if (copied?.startsWith(subject.root)) unsynced.add(copied);
      const [, from = "", to = ""] = /rename\w*\("([^"]+)", "([^"]+)"\) = 0/.exec(line) ?? [];
      if (!from.startsWith(subject.root) || isLock(to)) continue;
      counts.renames++;
      for (const dirty of unsynced)
        if (dirty === from || dirty.startsWith(`${from}/`))
          counts.broken.push(`${subject.name}: ${dirty} gets its name (${to}) before its bytes are on the disk`);
      unsynced.add(dirname(to));
    }
    for (const path of unsynced)
      if (!/\.jsonl$|\.building$/.test(path)) counts.broken.push(`${subject.name}: ${path} is not on the disk when the run ends`);
    return counts;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const isLock = (path: string): boolean => /\/\.lock(\.|$)|\.unsorted$/.test(path);

/** Puts the halves of calls together that strace shows apart: what counts is when a call ended. */
function* whole(log: string): Generator<string> {
  const begun = new Map<string, string>();
  for (const line of log.split("\n")) {
    const thread = line.split(" ")[0] ?? "";
    if (line.endsWith("<unfinished ...>")) begun.set(thread, line.slice(0, -"<unfinished ...>".length).trimEnd());
    else yield line.replace(/^\d+ +<\.\.\. \w+ resumed>/, () => begun.get(thread) ?? "");
  }
}
