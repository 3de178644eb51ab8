import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listJobs, readJob } from "./read-job.ts";
import { readRun, runsFolder } from "./run-folder.ts";
import { createJobRunner, type JobRunner } from "./runner.ts";
import { entry, useHome } from "./testing/home.ts";

const at = useHome();

async function runner(limit?: number): Promise<JobRunner> {
  const made = await createJobRunner({ home: at.home, entry, limit, onError: (error) => expect.fail(String(error)) });
  onTestFinished(() => made.close());
  return made;
}
const states = async (...ids: string[]): Promise<string[]> =>
  Promise.all(ids.map(async (id) => (await readJob(id, { home: at.home })).state));

test("one job runs at a time, the others wait in the order in which they came", async () => {
  const jobs = await runner();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push((await jobs.start(at.request("--lines", "3"))).id);
  expect(await states(...ids)).toEqual(["running", "queued", "queued"]);
  for (const id of ids) expect(await at.ended(id)).toMatchObject({ state: "done" });
  const runs = await Promise.all(ids.map((id) => readRun(id, at.home)));
  expect(runs.map(({ launched }) => launched)).toEqual(
    runs.map(({ launched }) => launched).toSorted((a, b) => (a ?? "").localeCompare(b ?? "")),
  );
});

test("a larger limit runs more", async () => {
  const jobs = await runner(2);
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await jobs.start(at.request("--end", "deaf", "--lines", "1"))).id);
  expect(await states(...ids)).toEqual(["running", "running", "queued"]);
});

test("a queued job that is stopped never runs, and can be resumed", async () => {
  const jobs = await runner();
  const first = await jobs.start(at.request("--lines", "1000"));
  const second = await jobs.start(at.request("--lines", "2"));
  expect(await jobs.stop(second.id)).toMatchObject({ state: "stopped", error: { code: "aborted" } });
  expect(await jobs.resume(second.id)).toMatchObject({ state: "queued" });
  expect(await jobs.stop(first.id)).toMatchObject({ state: "stopped" });
  expect(await at.ended(second.id)).toMatchObject({ state: "done" });
});

test("after a restart the queue goes on, behind the job that still runs", async () => {
  const before = await runner();
  const first = await before.start(at.request("--lines", "1000"));
  const second = await before.start(at.request("--lines", "2"));
  before.close();
  await mkdir(join(runsFolder(at.home), ".tmp-left-behind"));
  const after = await runner();
  expect(await states(first.id, second.id)).toEqual(["running", "queued"]);
  expect(await readdir(runsFolder(at.home))).not.toContain(".tmp-left-behind");
  process.kill(first.pid ?? 0, "SIGKILL"); // no child of a restarted server: nobody tells it
  expect(await at.ended(second.id)).toMatchObject({ state: "done" });
  expect((await after.resume(first.id)).state).toBe("running");
});

test("two runners of one home start each job once and keep to the limit", async () => {
  const [a, b] = [await runner(), await runner()];
  const started = await Promise.all(Array.from({ length: 6 }, (_, i) => (i % 2 ? a : b).start(at.request("--lines", "2", "--every", "5"))));
  const running = (await listJobs({ home: at.home })).filter(({ state }) => state === "running");
  expect(running.length).toBeLessThanOrEqual(1);
  for (const { id } of started) expect(await at.ended(id)).toMatchObject({ state: "done" });
  for (const { id } of started) expect(await readRun(id, at.home)).toMatchObject({ resumed: 0 });
});

test("a limit that is none is refused", async () => {
  for (const limit of [0, 1.5, NaN])
    await expect(createJobRunner({ home: at.home, entry, limit })).rejects.toMatchObject({ code: "invalid_input", field: "limit" });
});
