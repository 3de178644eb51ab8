import { watch } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cliProgressSchema } from "@lexiscope/contract";
import { createRandom } from "@lexiscope/core";
import { Broken, checkEnd, checkWhole } from "./check.ts";
import { contentsOf } from "./contents.ts";
import { type Ended, runCommand, startCommand } from "./process.ts";
import type { Reference } from "./subjects.ts";

export interface PauseCounts extends Record<string, number | string[]> {
  /** Runs that were stopped while they worked, and went on. */
  paused: number;
  /** Second processes on the same folder that were refused, or waited. */
  keptOut: number;
  compared: number;
  broken: string[];
}

/**
 * SIGSTOP at a random event of the run, for `pauseMs`; meanwhile the same command is run a second time, which must not
 * take the folder. Then SIGCONT: it goes on to the same bytes, with rates and times left that make sense.
 */
export const tortureByPause =
  (pauseMs: number) =>
  async (ref: Reference, { times, seed }: { times: number; seed: number }): Promise<PauseCounts> => {
    const { subject } = ref;
    const random = createRandom(seed);
    const counts: PauseCounts = { paused: 0, keptOut: 0, compared: 0, broken: [] };
    for (let i = 0; i < times; i++) {
      await subject.reset();
      const event = 2 + random.below(25);
      const what = `${subject.name}, seed ${seed}, case ${i}, stopped at event ${event}`;
      const watcher = watch(subject.root, { recursive: true });
      let second: ReturnType<typeof startCommand> | undefined;
      const running = startCommand(subject, { json: true });
      try {
        let left = event;
        await Promise.race([new Promise<void>((resolve) => watcher.on("change", () => --left === 0 && resolve())), running.ended]);
        watcher.close();
        if (running.child.exitCode === null) {
          running.child.kill("SIGSTOP");
          counts.paused++;
          // Stopped before it had the lock, it has nothing to defend, and finds the work done.
          const holds = [...(await contentsOf(subject.root)).keys()].some((path) => basename(path) === ".lock");
          second = startCommand(subject);
          const until = performance.now() + pauseMs;
          // A download waits for the other one; whoever else comes is refused.
          const waits = (output: string): boolean => subject.name === "download" && /waiting: .* is in use by process/.test(output);
          while (second.child.exitCode === null && !waits(second.output()) && performance.now() < until + slowStartMs) await sleep(20);
          if (second.child.exitCode === 8 || waits(second.output())) counts.keptOut++;
          else if (holds) throw new Broken(`${what}: a second process was not kept out: ${second.child.exitCode}: ${second.output()}`);
          if (!holds) await second.ended; // the lock is its own by right
          await sleep(Math.max(0, until - performance.now()));
        }
        running.child.kill("SIGCONT");
        const run = await running.ended;
        checkEnd(run, what);
        checkRates(run, pauseMs, what);
        if (second) await second.ended;
        await checkWhole(ref, run, what);
        counts.compared++;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        counts.broken.push(error.message);
      } finally {
        watcher.close();
        for (const child of [running.child, second?.child]) child?.kill("SIGKILL");
        await Promise.all([running.ended, second?.ended]);
      }
    }
    return counts;
  };

/** A process may take so long to begin on a busy machine. */
const slowStartMs = 30_000;
/** More than any of these runs takes on a busy machine, and less than a pause of 3 s that counted as a step of a run of hundreds. */
const mostSecondsLeft = 300;

/** Rates are never negative, and no time left is out of all proportion to what the work takes. */
export function checkRates({ stdout }: Ended, pauseMs: number, what: string): void {
  for (const line of stdout.trimEnd().split("\n")) {
    const event = cliProgressSchema.safeParse(JSON.parse(line)).data;
    if (!event) continue;
    const left = event.metrics?.["secondsLeft"] ?? (event.rate > 0 ? (event.total - event.done) / event.rate : 0);
    if (!(event.rate >= 0) || !(left >= 0) || left > mostSecondsLeft + pauseMs / 1000)
      throw new Broken(`${what}: a rate of ${event.rate}, ${left} s left: ${line}`);
  }
}

/** Two processes at once on one folder: one does the work, the other is refused by name, waits, or finds it done. */
export async function tortureByTwo(ref: Reference, { times, seed }: { times: number; seed: number }): Promise<PauseCounts> {
  const { subject } = ref;
  const random = createRandom(seed);
  const counts: PauseCounts = { paused: 0, keptOut: 0, compared: 0, broken: [] };
  for (let i = 0; i < times; i++) {
    await subject.reset();
    const what = `${subject.name}, seed ${seed}, case ${i}, two at once`;
    const first = runCommand(subject);
    await sleep(random.next() * ref.ms);
    const runs = await Promise.all([first, runCommand(subject)]);
    try {
      const [done] = runs.filter(({ code }) => code === 0);
      const refused = runs.filter(({ code, stderr }) => code === 8 && /in use by process \d+/.test(stderr));
      counts.keptOut += refused.length;
      if (!done || runs.some((run) => run.code !== 0 && !refused.includes(run)))
        throw new Broken(`${what}: ${runs.map(({ code, stderr }) => `${code}: ${stderr}`).join("; ")}`);
      await checkWhole(ref, done, what);
      counts.compared++;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      counts.broken.push(error.message);
    }
  }
  return counts;
}
