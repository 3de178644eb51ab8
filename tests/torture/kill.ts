import { type FSWatcher, watch } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, type Random } from "@lexiscope/core";
import { Broken, checkBroken, checkEnd, checkWhole } from "./check.ts";
import { type Ended, type Running, runCommand, startCommand } from "./process.ts";
import type { Reference } from "./subjects.ts";

export interface KillCounts extends Record<string, number | string[]> {
  /** Processes that were killed, by how the moment was chosen. */
  anyTime: number;
  working: number;
  writing: number;
  /** Runs that said they go on with what was there. */
  resumed: number;
  /** Artefacts that were finished and compared. */
  compared: number;
  /** What was wrong, case by case. */
  broken: string[];
}

/** Kills of one artefact before it may finish: one more with probability 3/4, at most so many. */
const mostKills = 10;

/**
 * kill -9 at `times` random moments. A third falls anywhere in the life of the process, a third while it works, a third
 * at a random one of the events that its folder sees (a file made, renamed, removed). After each the folder is
 * looked at; at last the command runs to its end and everything is compared with the unbroken run.
 */
export async function tortureByKill(ref: Reference, { times, seed }: { times: number; seed: number }): Promise<KillCounts> {
  const { subject } = ref;
  const random = createRandom(seed);
  const counts: KillCounts = { anyTime: 0, working: 0, writing: 0, resumed: 0, compared: 0, broken: [] };
  const note = ({ stderr, stdout }: Ended): void => void (subject.resumes.test(stderr + stdout) && counts.resumed++);
  let kills = 0;
  for (let artefact = 0; kills < times; artefact++) {
    await subject.reset();
    const told: string[] = [];
    const what = (): string => `${subject.name}, seed ${seed}, artefact ${artefact}, killed: ${told.join(", ")}`;
    try {
      for (let n = 0; n < mostKills && kills < times && (n === 0 || random.below(4) > 0); n++) {
        const way = (["anyTime", "working", "writing"] as const)[random.below(3)] ?? "anyTime";
        const { run, moment } = await killed(ref, way, random);
        note(run);
        if (run.signal !== "SIGKILL") {
          checkEnd(run, what()); // it was quicker
          break;
        }
        told.push(`${way} ${moment}`);
        kills++;
        counts[way]++;
        await checkBroken(ref, what());
      }
      const last = await runCommand(subject);
      note(last);
      await checkWhole(ref, last, what());
      counts.compared++;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      counts.broken.push(error.message);
    }
  }
  return counts;
}

/** One process, killed at a moment of its kind. */
async function killed(
  { subject, ms }: Reference,
  way: "anyTime" | "working" | "writing",
  random: Random,
): Promise<{ run: Ended; moment: string }> {
  const share = random.next();
  const events = 1 + random.below(subject.name === "index" || subject.name === "replace" ? 40 : 100);
  const watcher = way === "anyTime" ? undefined : watch(subject.root, { recursive: true });
  try {
    const running = startCommand(subject);
    if (watcher) await seen(watcher, running, way === "writing" ? events : 1);
    if (way !== "writing") await Promise.race([sleep(share * ms * (way === "working" ? 0.6 : 0.9)), running.ended]);
    running.child.kill("SIGKILL");
    return { run: await running.ended, moment: way === "writing" ? `event ${events}` : `${Math.round(share * 100)} %` };
  } finally {
    watcher?.close();
  }
}

/** Resolves at the `n`th event of the folder, or when the process has ended. */
async function seen(watcher: FSWatcher, { ended }: Running, n: number): Promise<void> {
  await Promise.race([
    new Promise<void>((resolve, reject) => {
      watcher.on("change", () => --n === 0 && resolve());
      watcher.on("error", (error) => reject(new Broken(`the folder cannot be watched: ${error.message}`)));
    }),
    ended,
  ]);
}
