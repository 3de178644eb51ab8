import { contentsOf, differences } from "./contents.ts";
import type { Ended } from "./process.ts";
import type { Reference } from "./subjects.ts";

/** What went wrong in a case; it says everything that is needed to look at it. */
export class Broken extends Error {}

/** After a fault of any kind: what stands under its final name is whole. Files that grow line by line and checkpoints aside. */
export async function checkBroken({ subject, before, whole }: Reference, what: string): Promise<void> {
  const found = await contentsOf(subject.root);
  for (const [path, hash] of found) {
    if (hash === "folder" || isWork(path) || whole.get(path) === hash || before.get(path) === hash) continue;
    if (whole.has(path)) throw new Broken(`${what}: ${path} stands under its name and is not whole`);
  }
}

/** Work in progress: a temporary name, or a file that is rewritten when the run goes on. */
function isWork(path: string): boolean {
  return /(^|\/)\.|\.tmp$|metrics\.jsonl$|checkpoint-\d+\.|\.incomplete$/.test(path);
}

/** A run that was left alone ends well. */
export function checkEnd(run: Ended, what: string): void {
  if (run.code !== 0) throw new Broken(`${what}: the run left with ${run.code ?? run.signal}: ${run.stderr}`);
}

/** After the last run: it ended well, the bytes are those of the unbroken run, and nothing else lies there. */
export async function checkWhole({ subject, whole, inputs }: Reference, run: Ended, what: string): Promise<void> {
  checkEnd(run, what);
  const found = await contentsOf(subject.root);
  // A model that is whole is opened without a lock, so a dead one stays until the next download.
  for (const path of found.keys()) if (/^\.locks\/[^/]+\/\.lock$/.test(path)) found.delete(path);
  const wrong = differences(found, whole);
  if (wrong.length > 0) throw new Broken(`${what}: ${wrong.slice(0, 5).join("; ")}`);
  const touched = differences(await contentsOf(subject.inputs), inputs);
  if (touched.length > 0) throw new Broken(`${what}: what it only reads has changed: ${touched.slice(0, 5).join("; ")}`);
}

/** A refusal that a person can use: exit code 7, a file below the root by name, a way on, no stack. */
export function checkRefusal({ subject }: Reference, run: Ended, what: string): void {
  const text = run.stderr;
  const wrong = [
    run.code === 7 ? "" : `it left with ${run.code ?? run.signal}`,
    text.includes(subject.root) ? "" : "it names no file",
    /again|choose another|free some/.test(text) ? "" : "it does not say what to do",
    /\n\s+at .*:\d+|fault of Lexiscope/.test(text) ? "it shows a fault of its own" : "",
  ].filter((part) => part !== "");
  if (wrong.length > 0) throw new Broken(`${what}: ${wrong.join(", ")}: ${text}`);
}
