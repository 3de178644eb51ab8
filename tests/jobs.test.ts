import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { curves, followJob, readJob, readLog, resumeJob, startJob, stopJob } from "@lexiscope/jobs";
import { cliProgressSchema, trainResultSchema } from "@lexiscope/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lexiscope, makeHome, root, writeReports } from "./support.ts";

const entry = join(root, "scripts", "lexiscope.mjs");
let home: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ home, remove } = await makeHome());
  const text = await writeReports(join(home, "reports"), 40);
  const run = await lexiscope(["harvest", "--text", text, "--tokens", "16k", "--context", "16", "--out", "whole"], { home });
  expect(run.code, run.stderr).toBe(0);
}, 240_000);
afterAll(() => remove());

const steps = 1000;
const argv = `train --store whole --preset short --features 512 --k 8 --steps ${steps} --batch 512 --checkpoint-every 20 --no-loss --no-baselines --dictionary run`;

/** Follows a training from `from` until it is in its steps, and tells where it is. */
async function intoTraining(id: string, from: number): Promise<{ step: number; offset: number }> {
  for await (const { line, offset } of followJob(id, { home, from })) {
    const step = cliProgressSchema.safeParse(JSON.parse(line)).data?.metrics?.["step"] ?? 0;
    if (step > 30) return { step, offset };
  }
  throw new Error(`the training ended: ${JSON.stringify(await readJob(id, { home }))}`);
}

test("a training as a job: niced throughout, stopped, killed, resumed to the end; its curves run from the first to the last step", async () => {
  const { id, pid } = await startJob({ kind: "train", title: "a training", argv: argv.split(" "), home, entry });
  try {
    const first = await intoTraining(id, 0);
    if (process.platform === "linux") {
      const tasks = await readdir(`/proc/${pid}/task`);
      const stats = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/stat`, "utf8").catch(() => undefined)));
      const nices = stats.flatMap((stat) => stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[16] ?? []);
      expect(nices.length).toBeGreaterThan(4);
      expect(new Set(nices)).toEqual(new Set(["10"]));
    }
    expect(await stopJob(id, { home })).toMatchObject({
      state: "stopped",
      error: { message: expect.stringContaining("a checkpoint is saved") },
    });

    const again = await resumeJob(id, { home, entry });
    const second = await intoTraining(id, first.offset);
    expect(second.step).toBeGreaterThan(first.step);
    process.kill(again.pid ?? 0, "SIGKILL");
    for await (const _ of followJob(id, { home, from: second.offset })); // to its end
    expect(await readJob(id, { home })).toMatchObject({ state: "died", error: { code: "internal" } });

    await resumeJob(id, { home, entry });
    for await (const _ of followJob(id, { home, from: second.offset }));
    const done = await readJob(id, { home });
    expect(done).toMatchObject({ state: "done", error: null });
    expect(trainResultSchema.parse(done.result)).toMatchObject({ steps, features: 512 });
  } finally {
    await stopJob(id, { home, graceMs: 1000 });
  }
  const train = (await curves(id, { home })).find(({ phase }) => phase === "train");
  const { step = [], loss = [], fvu = [], l0 = [], dead = [] } = train?.metrics ?? {};
  expect(step.length).toBeGreaterThan(8);
  expect([step[0], step.at(-1), train?.done.at(-1)]).toEqual([expect.any(Number), steps, train?.total]);
  expect(step).toEqual(step.toSorted((a, b) => Number(a) - Number(b)));
  for (const column of [loss, fvu, l0, dead]) expect(column.every((value) => typeof value === "number")).toBe(true);
  expect(Number(fvu.at(-1))).toBeLessThan(Number(fvu[0]));
  // Steps take milliseconds here: a live curve gets some three points a second, one on a busy machine.
  const { seconds = [] } = train ?? {};
  expect((seconds.length - 1) / ((seconds.at(-1) ?? 0) - (seconds[0] ?? 0))).toBeGreaterThan(1);
  expect((await readLog(id, { home })).text).toMatch(/going on from step \d+ of 1000/);
}, 240_000);

test("a wrong option is a failed job that says which", async () => {
  const { id } = await startJob({ kind: "train", title: "wrong", argv: ["train", "--store", "nowhere"], home, entry });
  for await (const _ of followJob(id, { home }));
  expect(await readJob(id, { home })).toMatchObject({ state: "failed", error: { code: "not_found" } });
});

test("LEXISCOPE_NICE that is none is said and ignored", async () => {
  const run = await lexiscope(["list", "--json"], { home, env: { LEXISCOPE_NICE: "very" } });
  expect(run.code).toBe(0);
  expect(run.stderr).toBe("LEXISCOPE_NICE=very is ignored: it takes a whole number from -20 (first) to 19 (last)\n");
});
