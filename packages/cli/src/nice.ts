import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { messageOf } from "@lexiscope/core";

/** Lowers this process's priority to `LEXISCOPE_NICE`, before the addon starts its threads: they inherit it. */
export function applyNice(text = process.env["LEXISCOPE_NICE"]): void {
  if (text === undefined || text === "") return;
  const nice = Number(text);
  if (!Number.isInteger(nice) || nice < -20 || nice > 19)
    return ignored(`LEXISCOPE_NICE=${text} is ignored: it takes a whole number from -20 (first) to 19 (last)`);
  try {
    for (const thread of ownThreads()) setPriority(thread, nice);
    lowerSession(nice);
  } catch (error) {
    ignored(`LEXISCOPE_NICE=${text} is ignored: ${messageOf(error)}`);
  }
}

/** Linux keeps a nice value for each thread, and Node has some already; elsewhere the process has one. */
function ownThreads(): number[] {
  return process.platform === "linux" ? readdirSync("/proc/self/task").map(Number) : [0];
}

/**
 * Linux with autogroups shares the processor between sessions first, so that nice values count only within one. A job
 * leads a session of its own; its session must step back as a whole.
 */
function lowerSession(nice: number): void {
  if (process.platform !== "linux") return;
  const stat = readFileSync("/proc/self/stat", "utf8");
  const session = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3];
  if (session !== String(process.pid)) return;
  try {
    writeFileSync("/proc/self/autogroup", String(nice));
  } catch {
    // a kernel without autogroups needs none
  }
}

function ignored(message: string): void {
  process.stderr.write(`${message}\n`);
}
