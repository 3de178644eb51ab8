import { mkdirSync, writeFileSync } from "node:fs";
import { appendFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { listJobs, readJob } from "./read-job.ts";
import { newJobId } from "./job-id.ts";
import { readRun, runFiles, type RunRecord, runsFolder } from "./run-folder.ts";
import { createJobRunner, type JobRunner } from "./runner.ts";
import { newRun } from "./start.ts";
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

/** Records as earlier days leave them, without the care that a crash asks for. */
function writeRuns(count: number, change: Partial<RunRecord>, events: string): string[] {
  return Array.from({ length: count }, (_, i) => {
    const time = new Date(Date.UTC(2025, 0, 1, 0, 0, i));
    const run = { ...newRun(at.request("--lines", "1")), id: newJobId("train", time), queued: time.toISOString(), ...change };
    const files = runFiles(run.id, at.home);
    mkdirSync(files.folder, { recursive: true });
    writeFileSync(files.run, JSON.stringify(run));
    writeFileSync(files.events, events);
    writeFileSync(files.log, "");
    return run.id;
  });
}
const ended = { launched: new Date(0).toISOString(), pid: 2 ** 22 - 1, startTime: "long ago" };

test("what has ended is read once, and again when its files change", async () => {
  const [id = ""] = writeRuns(1, ended, '{"steps":1}\n');
  const [first] = await listJobs({ home: at.home });
  expect(first).toMatchObject({ state: "done", result: { steps: 1 } });
  expect((await listJobs({ home: at.home }))[0]).toBe(first);
  await appendFile(runFiles(id, at.home).events, '{"type":"error","code":"internal","message":"no"}\n');
  expect((await listJobs({ home: at.home }))[0]).toMatchObject({ state: "failed" });
});

test("many starts at once are all taken, with thousands of old runs beside them", { timeout: 30_000 }, async () => {
  writeRuns(2000, ended, '{"steps":1}\n');
  const jobs = await runner();
  const began = performance.now();
  const started = await Promise.all(Array.from({ length: 20 }, () => jobs.start(at.request("--lines", "1000"))));
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(started.filter(({ state }) => state === "running").length).toBeLessThanOrEqual(1);
  expect(new Set(started.map(({ id }) => id)).size).toBe(20);
  jobs.close(); // else the next begins while the others are stopped
});

test("a queue that is full takes no more, neither a new job nor one that is resumed", async () => {
  const before = await runner();
  const first = await before.start(at.request("--lines", "1000"));
  const stopped = await before.start(at.request("--lines", "1"));
  await before.stop(stopped.id);
  before.close();
  const [waiting = ""] = writeRuns(100, {}, "");
  const jobs = await runner();
  await expect(jobs.start(at.request("--lines", "1"))).rejects.toMatchObject({ code: "busy", message: "100 jobs are waiting already" });
  await expect(jobs.resume(stopped.id)).rejects.toMatchObject({ code: "busy" });
  await jobs.stop(waiting);
  expect(await jobs.start(at.request("--lines", "1"))).toMatchObject({ state: "queued" });
  expect(await states(first.id)).toEqual(["running"]);
  jobs.close(); // else the next begins while the others are stopped
});

test("jobs of a runner that is offline are told so", async () => {
  const made = await createJobRunner({ home: at.home, entry, offline: true });
  onTestFinished(() => made.close());
  const { id } = await made.start(at.request("--lines", "1"));
  expect(await at.ended(id)).toMatchObject({ state: "done", result: { offline: "1" } });
});

test("a limit that is none is refused", async () => {
  for (const limit of [0, 1.5, NaN])
    await expect(createJobRunner({ home: at.home, entry, limit })).rejects.toMatchObject({ code: "invalid_input", field: "limit" });
});
