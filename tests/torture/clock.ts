import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createRandom } from "@lexiscope/core";
import { Broken, checkEnd, checkWhole } from "./check.ts";
import { checkRates } from "./pause.ts";
import { type RunOptions, runCommand, startCommand } from "./process.ts";
import type { Reference } from "./subjects.ts";

export interface ClockCounts extends Record<string, number | string[]> {
  killed: number;
  resumed: number;
  compared: number;
  broken: string[];
}

/** No run takes so long, even on a busy machine: what does waits for the clock to catch up. */
const patienceMs = 120_000;
const preload = fileURLToPath(new URL("./set-back-clock.mjs", import.meta.url));

/**
 * A run whose clock is set back by a day at a random moment, killed; then one that begins two days back and is set back
 * once more, to the end: the same bytes, rates that make sense, and nothing waits for the clock.
 */
export async function tortureByClock(ref: Reference, { times, seed }: { times: number; seed: number }): Promise<ClockCounts> {
  const { subject, ms } = ref;
  const random = createRandom(seed);
  const counts: ClockCounts = { killed: 0, resumed: 0, compared: 0, broken: [] };
  for (let i = 0; i < times; i++) {
    await subject.reset();
    const [atMs, again, killMs] = [Math.floor(random.next() * ms), Math.floor(random.next() * ms), random.next() * ms];
    const what = `${subject.name}, seed ${seed}, case ${i}, set back after ${atMs} ms, killed after ${Math.round(killMs)} ms, then after ${again} ms`;
    try {
      const running = startCommand(subject, setBack(0, atMs));
      await Promise.race([sleep(killMs), running.ended]);
      running.child.kill("SIGKILL");
      const first = await running.ended;
      if (first.signal === "SIGKILL") counts.killed++;
      else checkEnd(first, what);
      const run = await Promise.race([runCommand(subject, setBack(2, again)), sleep(patienceMs, undefined, { ref: false })]);
      if (!run) throw new Broken(`${what}: it did not end in ${patienceMs / 1000} s`);
      if (subject.resumes.test(run.stdout + run.stderr)) counts.resumed++;
      await checkWhole(ref, run, what);
      checkRates(run, 0, what);
      counts.compared++;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      counts.broken.push(error.message);
    }
  }
  return counts;
}

function setBack(days: number, atMs: number): RunOptions {
  return {
    json: true,
    env: { NODE_OPTIONS: `--import=${preload}`, TORTURE_DAYS_BACK: String(days), TORTURE_SET_BACK_AT_MS: String(atMs) },
  };
}
