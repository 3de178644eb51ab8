import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { appendFile, cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { jobSchema } from "@lexiscope/contract";
import { identityOf, isRunning } from "@lexiscope/core";
import { expect, test } from "vitest";
import { readLog } from "./log.ts";
import { hasEnded, listJobs, readJob } from "./read-job.ts";
import { readRun, runFiles, runsFolder, writeRun } from "./run-folder.ts";
import { resumeJob, startJob } from "./start.ts";
import { removeJob, stopJob } from "./stop.ts";
import { entry, useHome } from "./testing/home.ts";

const at = useHome();

const alive = (pid: number | null): boolean => {
  try {
    process.kill(pid ?? 0, 0);
    return true;
  } catch {
    return false;
  }
};

test("a job runs, tells how far it is, and is done with its result", async () => {
  const started = await at.start("--lines", "20", "--title", "it's");
  expect(jobSchema.parse(started)).toEqual(started);
  expect(started).toMatchObject({ kind: "train", title: "a test", state: "running", error: null });
  expect(started.command).toBe(`lexiscope train --lines 20 --title 'it'\\''s'`);
  const { id } = started;
  const half = await at.until(id, ({ progress }) => (progress?.done ?? 0) >= 5);
  expect(half).toMatchObject({ state: "running", progress: { phase: "train", total: 20 } });
  const done = await at.ended(id);
  expect(jobSchema.parse(done)).toEqual(done);
  expect(done).toMatchObject({ state: "done", pid: null, error: null, result: { steps: 20, path: at.home, nice: "10" } });
  expect(await readdir(runFiles(id, at.home).folder)).toEqual(["events.ndjson", "log.txt", "run.json"]);
  expect((await listJobs({ home: at.home })).map((job) => job.id)).toContain(id);
});

test("an error as the last line is a failure that carries it; a crash is a death that shows the log's end", async () => {
  const failed = await at.ended((await at.start("--end", "error", "--lines", "1")).id);
  expect(failed).toMatchObject({ state: "failed", result: null, error: { code: "bad_file", message: "the store is damaged", file: "x" } });
  const died = await at.ended((await at.start("--end", "crash", "--lines", "0")).id);
  expect(died).toMatchObject({ state: "died", error: { code: "internal", hint: expect.stringContaining("resume") } });
  const log = await readLog(died.id, { home: at.home });
  expect(log).toMatchObject({ truncated: false, text: expect.stringContaining("Error: out of luck") });
});

test("stop lets the job save and say its last word; resume goes on in the same folder to the end", async () => {
  const { id } = await at.start("--lines", "40");
  await at.until(id, ({ progress }) => (progress?.done ?? 0) >= 5);
  const stopped = await stopJob(id, { home: at.home });
  expect(stopped).toMatchObject({
    state: "stopped",
    pid: null,
    error: { code: "aborted", message: expect.stringMatching(/^stopped at \d+$/) },
  });
  expect(await stopJob(id, { home: at.home })).toEqual(stopped);
  const at40 = await resumeJob(id, { home: at.home, entry });
  expect(at40).toMatchObject({ id, state: "running" });
  await expect(resumeJob(id, { home: at.home, entry })).rejects.toMatchObject({ code: "busy" });
  expect(await at.ended(id)).toMatchObject({ state: "done", result: { steps: 40 } });
  const lines = (await readFile(runFiles(id, at.home).events, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { type?: string; done?: number });
  expect(lines.filter(({ type }) => type === "resumed")).toHaveLength(1);
  expect(lines.flatMap(({ done }) => done ?? [])).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  await expect(resumeJob(id, { home: at.home, entry })).rejects.toMatchObject({ code: "invalid_input" });
  expect((await readLog(id, { home: at.home })).text).toMatch(
    /^\S+ \S+ {2}train\nstopped at \d+\n {2}again\n\S+ \S+ {2}resumed\ndone\n\nOn stderr:\nSIGINT\n=== resumed /,
  );
});

test("kill -9 is a death; resuming it ends in done", async () => {
  const { id, pid } = await at.start("--lines", "30");
  await at.until(id, ({ progress }) => (progress?.done ?? 0) >= 5);
  process.kill(pid ?? 0, "SIGKILL");
  expect(await at.ended(id)).toMatchObject({ state: "died", pid: null, error: { code: "internal" } });
  await resumeJob(id, { home: at.home, entry });
  expect(await at.ended(id)).toMatchObject({ state: "done", error: null, result: { steps: 30 } });
});

test("a job that hears neither Ctrl-C nor SIGTERM is ended by force, with what it had started", async () => {
  const { id, pid } = await at.start("--end", "stubborn", "--lines", "1");
  await at.until(id, ({ progress }) => progress !== null);
  const { message } = JSON.parse((await readFile(runFiles(id, at.home).events, "utf8")).split("\n")[0] ?? "") as { message: string };
  const helper = identityOf(Number(message));
  expect(await isRunning(helper)).toBe(true);
  const started = performance.now();
  expect(await stopJob(id, { home: at.home, graceMs: 300 })).toMatchObject({ state: "stopped", error: { code: "aborted" } });
  expect(performance.now() - started).toBeGreaterThan(5000);
  await expect.poll(() => alive(pid)).toBe(false); // until it has been reaped
  await expect.poll(() => isRunning(helper)).toBe(false);
}, 20_000);

test("a second stop does not hurry a job that is saving", async () => {
  const { id } = await at.start("--lines", "1000", "--every", "800");
  await at.until(id, ({ progress }) => progress !== null);
  const stops = [stopJob(id, { home: at.home })];
  await new Promise((resolve) => setTimeout(resolve, 100));
  stops.push(stopJob(id, { home: at.home }));
  for (const job of await Promise.all(stops))
    expect(job).toMatchObject({ state: "stopped", error: { message: expect.stringMatching(/^stopped at/) } });
  const heard = (await readFile(runFiles(id, at.home).log, "utf8")).match(/SIGINT/g);
  expect(heard).toHaveLength(1);
});

test("a copy of a run folder under another id is refused", async () => {
  const { id } = await at.start("--lines", "0");
  await at.ended(id);
  const copy = `${id.slice(0, -6)}zzzzzz`;
  await cp(runFiles(id, at.home).folder, runFiles(copy, at.home).folder, { recursive: true });
  await expect(readJob(copy, { home: at.home })).rejects.toMatchObject({ code: "bad_file", field: "id" });
  await expect(resumeJob(copy, { home: at.home, entry })).rejects.toMatchObject({ code: "bad_file" });
});

test("a job that is stopped before it listens is stopped all the same", async () => {
  const { id } = await at.start("--lines", "1000");
  expect(await stopJob(id, { home: at.home })).toMatchObject({ state: "stopped" });
});

test("a job whose starter died does not wait for a clock that was set back", async () => {
  const { id } = await at.start("--lines", "1");
  await at.ended(id);
  const run = { ...(await readRun(id, at.home)), pid: null, startTime: null };
  await writeFile(runFiles(id, at.home).events, "");
  const launchedIn = async (ms: number): Promise<string> => {
    await writeRun({ ...run, launched: new Date(Date.now() + ms).toISOString() }, at.home);
    return (await readJob(id, { home: at.home })).state;
  };
  expect([await launchedIn(0), await launchedIn(-60_000), await launchedIn(86_400_000)]).toEqual(["queued", "died", "died"]);
  await writeRun({ ...run, launched: new Date(0).toISOString() }, at.home);
});

test("a process that has the pid by now is no job of ours: not running, never signalled", async () => {
  const { id } = await at.start("--lines", "1", "--end", "crash");
  await at.ended(id);
  const stranger = spawn(process.execPath, ["-e", "setTimeout(() => {}, 30000)"]);
  try {
    await writeRun({ ...(await readRun(id, at.home)), pid: stranger.pid ?? 0 }, at.home);
    expect(await readJob(id, { home: at.home })).toMatchObject({ state: "died", pid: null });
    expect(await stopJob(id, { home: at.home, graceMs: 0 })).toMatchObject({ state: "died" });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  } finally {
    stranger.kill("SIGKILL");
  }
  const { run } = runFiles(id, at.home);
  for (const pid of [0, 1, -1]) {
    await writeFile(run, JSON.stringify({ ...(await readJson(run)), pid }));
    await expect(stopJob(id, { home: at.home })).rejects.toMatchObject({ code: "bad_file", field: "pid" });
  }
});

test("a job outlives the process that started it, killed with its whole group, and another one finds and stops it", async () => {
  const starter = join(at.home, "starter.ts");
  const api = new URL("index.ts", import.meta.url).href;
  await writeFile(
    starter,
    `import { startJob } from ${JSON.stringify(api)};
    const job = await startJob(${JSON.stringify({ ...at.request("--lines", "1000"), home: at.home, entry })});
    console.log(job.id);
    setInterval(() => {}, 1000);`,
  );
  const server = spawn(process.execPath, [starter], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const [printed] = (await once(server.stdout, "data")) as [Buffer];
  const id = printed.toString().trim();
  process.kill(-(server.pid ?? 0), "SIGINT"); // the terminal's Ctrl-C
  await once(server, "exit");
  const before = await at.until(id, ({ progress }) => (progress?.done ?? 0) > 0);
  expect(before.state).toBe("running");
  await at.until(id, ({ progress }) => (progress?.done ?? 0) > (before.progress?.done ?? 0) + 3);
  expect(await stopJob(id, { home: at.home })).toMatchObject({ state: "stopped" });
});

test("a running job cannot be removed; a removed one is gone, with everything of it", async () => {
  const { id } = await at.start("--lines", "1000");
  await expect(removeJob(id, { home: at.home })).rejects.toMatchObject({ code: "busy" });
  await stopJob(id, { home: at.home });
  await removeJob(id, { home: at.home });
  expect(await readdir(runsFolder(at.home))).toEqual([]);
  for (const call of [readJob, removeJob, stopJob, readLog])
    await expect(call(id, { home: at.home })).rejects.toMatchObject({ code: "not_found", field: "id" });
  await expect(resumeJob(id, { home: at.home, entry })).rejects.toMatchObject({ code: "not_found" });
});

test("names that are no ids touch nothing outside", async () => {
  await writeFile(join(at.home, "precious"), "");
  for (const id of ["..", "../precious", "../../x", "/etc", ""]) {
    for (const call of [readJob, removeJob, stopJob, readLog])
      await expect(call(id, { home: at.home })).rejects.toMatchObject({ code: "invalid_input" });
    await expect(resumeJob(id, { home: at.home, entry })).rejects.toMatchObject({ code: "invalid_input" });
  }
  expect(existsSync(join(at.home, "precious"))).toBe(true);
});

test("wrong requests are refused and leave nothing", async () => {
  const good = { ...at.request(), home: at.home, entry };
  const wrong = [
    [{ argv: ["remove", "everything"] }, "argv"],
    [{ argv: [] }, "argv"],
    [{ argv: ["train", "a\0b"] }, "argv"],
    [{ kind: "chat" as "train" }, "kind"],
    [{ cwd: join(at.home, "nowhere") }, "cwd"],
    [{ nice: -5 }, "nice"],
    [{ nice: 1.5 }, "nice"],
  ] as const;
  for (const [change, field] of wrong)
    await expect(startJob({ ...good, ...change })).rejects.toMatchObject({ code: "invalid_input", field });
  await expect(startJob({ ...good, entry: "/nowhere" })).rejects.toMatchObject({ code: "environment", file: "/nowhere" });
  expect(await listJobs({ home: at.home })).toEqual([]);
});

test("a damaged run.json is shown as failed, and hides no other job; other folders are no jobs", async () => {
  const { id } = await at.start("--lines", "0");
  await at.ended(id);
  const other = await at.ended((await at.start("--lines", "0")).id);
  await writeFile(runFiles(id, at.home).run, '{"id": 3');
  await mkdir(join(runsFolder(at.home), "notes"));
  const jobs = await listJobs({ home: at.home });
  expect(jobs).toHaveLength(2);
  expect(jobs).toContainEqual(other);
  expect(jobs.find((job) => job.id === id)).toMatchObject({ kind: "train", state: "failed", error: { code: "bad_file" } });
  for (const job of jobs) expect(jobSchema.parse(job)).toEqual(job);
  await removeJob(id, { home: at.home });
  expect(await listJobs({ home: at.home })).toEqual([other]);
});

test("a job whose folder is gone when it is resumed fails and says so", async () => {
  const cwd = join(at.home, "work");
  await mkdir(cwd);
  const { id } = await startJob({ ...at.request("--lines", "0", "--end", "error"), cwd, home: at.home, entry });
  await at.ended(id);
  await rm(cwd, { recursive: true });
  expect(await resumeJob(id, { home: at.home, entry })).toMatchObject({
    state: "failed",
    error: { code: "environment", hint: expect.stringContaining(cwd) },
  });
});

test("a last line above the limit, and one that is no JSON, are no results", async () => {
  const { id } = await at.start("--lines", "0");
  await at.ended(id);
  for (const line of ["no JSON", "[1]", `{"a":"${"x".repeat(2 ** 20)}"}`]) {
    await appendFile(runFiles(id, at.home).events, `${line}\n`);
    expect(hasEnded(await readJob(id, { home: at.home }))).toBe(true);
    expect(await readJob(id, { home: at.home })).toMatchObject({ state: "died" });
  }
});

async function readJson(path: string): Promise<object> {
  return JSON.parse(await readFile(path, "utf8")) as object;
}
