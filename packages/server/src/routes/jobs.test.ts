import { writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { type Job, type JobEvent, type Jobs, jobEventSchema, type Run, type RunLog, startJobSchema } from "@lexiscope/contract";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jobArgv } from "../jobs/argv.ts";
import { makeHome, startTestServer, type TestServer } from "../testing/test-server.ts";

/** Stands for the command line: says its arguments, then counts until it is stopped or has got to the seed. */
const program = `
const argv = process.argv.slice(2);
const say = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
const total = Number(argv[argv.indexOf("--seed") + 1] ?? 5);
let stopped = false;
process.on("SIGINT", () => { stopped = true; });
say({ type: "note", message: argv.join(" ") });
for (let done = 1; done <= total && !stopped; done++) {
  say({ type: "progress", phase: "train", done, total, unit: "steps", rate: 10, metrics: { loss: 1 / done }, at: Date.now() });
  await new Promise((resolve) => setTimeout(resolve, 20));
}
if (stopped) { say({ type: "error", code: "aborted", message: "stopped" }); process.exitCode = 130; } else say({ path: "x", total, offline: process.env.LEXISCOPE_OFFLINE });
`;

let t: TestServer;
beforeAll(async () => {
  const home = await makeHome({ atlas: null });
  const entry = join(home, "program.mjs");
  await writeFile(entry, program);
  t = await startTestServer({ home, entry });
});
afterAll(async () => {
  for (const { id } of (await t.json<Jobs>("GET", "/api/jobs")).jobs) await t.ask("POST", `/api/jobs/${id}/stop`);
  await t.close();
});

const start = (seed: number): Promise<Job> => t.json<Job>("POST", "/api/jobs", { kind: "train", store: "first", seed });

interface Received {
  id: string;
  event: JobEvent;
}

/** Reads a stream to its end, or until there are so many events: then the client is gone. */
function follow(path: string, { from, most = Infinity }: { from?: string; most?: number } = {}): Promise<Received[]> {
  return new Promise((resolve, reject) => {
    const events: Received[] = [];
    const headers = from === undefined ? {} : { "last-event-id": from };
    const asked = get({ host: "127.0.0.1", port: t.server.port, path, headers, agent: false }, (response) => {
      expect(response.headers["content-type"]).toMatch(/^text\/event-stream/);
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
          const fields = Object.fromEntries(
            text
              .slice(0, end)
              .split("\n")
              .map((line) => line.split(/: (.*)/s)),
          );
          text = text.slice(end + 2);
          if (fields["data"] === undefined || events.length >= most) continue;
          events.push({ id: String(fields["id"]), event: jobEventSchema.parse(JSON.parse(String(fields["data"]))) });
          if (events.length >= most) asked.destroy();
        }
      });
      response.on("close", () => resolve(events));
    });
    asked.on("error", (error) => (events.length >= most ? resolve(events) : reject(error)));
  });
}

const lines = (events: readonly Received[]): unknown[] => events.flatMap(({ event }) => (event.type === "line" ? [event.line] : []));

it("a job is started, followed to its end, listed, drawn, read and forgotten", async () => {
  const job = await start(10);
  expect(job).toMatchObject({
    kind: "train",
    title: "Train a dictionary from “first”",
    command: "lexiscope train --store first --seed 10",
  });
  const events = await follow(`/api/jobs/${job.id}/events`);
  expect(events[0]?.event.type).toBe("job");
  expect(lines(events)[0]).toMatchObject({ type: "note", message: "train --json --store first --seed 10" });
  expect(
    lines(events)
      .slice(1, -1)
      .map((line) => (line as { done: number }).done),
  ).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(events.at(-1)?.event).toMatchObject({ type: "end", job: { state: "done", result: { total: 10, offline: "1" } } }); // as the server
  expect((await t.json<Jobs>("GET", "/api/jobs")).jobs[0]).toMatchObject({ id: job.id, state: "done" });
  const run = await t.json<Run>("GET", `/api/runs/${job.id}`);
  expect(run.phases[0]).toMatchObject({
    phase: "train",
    done: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    metrics: { loss: expect.arrayContaining([1, 0.1]) as unknown },
  });
  expect((await t.json<RunLog>("GET", `/api/runs/${job.id}/log`)).text).toContain("train --json --store first");
  expect((await t.ask("DELETE", `/api/jobs/${job.id}`)).status).toBe(204);
  expect((await t.ask("GET", `/api/jobs/${job.id}`)).status).toBe(404);
});

it("a client that leaves and comes back misses no line and sees none twice", async () => {
  const job = await start(40);
  const path = `/api/jobs/${job.id}/events`;
  const all: Received[] = await follow(path, { most: 6 });
  for (let visit = 0; visit < 3; visit++) all.push(...(await follow(path, { from: all.at(-1)?.id ?? "", most: 7 })));
  all.push(...(await follow(path, { from: all.at(-1)?.id ?? "" })));
  const counted = lines(all).flatMap((line) => ((line as { type?: string }).type === "progress" ? [(line as { done: number }).done] : []));
  expect(counted).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  expect(lines(await follow(path)).length).toBe(lines(all).length);
  expect((await t.ask("GET", path, { headers: { "last-event-id": "soon" } })).status).toBe(400);
});

it("a job waits for its turn, is stopped, and goes on", async () => {
  const [first, second] = [await start(10_000), await start(3)];
  expect(second.state).toBe("queued");
  const stopped = await t.json<Job>("POST", `/api/jobs/${first.id}/stop`);
  expect(stopped).toMatchObject({ state: "stopped", error: { code: "aborted" } });
  const events = await follow(`/api/jobs/${second.id}/events`);
  expect(events.at(-1)?.event).toMatchObject({ type: "end", job: { state: "done" } });
  expect(await t.json<Job>("POST", `/api/jobs/${first.id}/resume`)).toMatchObject({ id: first.id });
  expect((await t.ask("POST", `/api/jobs/${first.id}/resume`)).json().error.code).toBe("busy");
  expect((await t.ask("DELETE", `/api/jobs/${first.id}`)).json().error.code).toBe("busy");
  await t.json("POST", `/api/jobs/${first.id}/stop`);
});

it("a job that is killed from outside: its stream ends, and says that it died", async () => {
  const job = await start(10_000);
  const events = follow(`/api/jobs/${job.id}/events`);
  const { pid } = await running(job.id);
  process.kill(pid, "SIGKILL");
  expect((await events).at(-1)?.event).toMatchObject({
    type: "end",
    job: {
      state: "died",
      pid: null,
      error: { message: expect.stringContaining("killed") as unknown, hint: expect.stringContaining("resume") as unknown },
    },
  });
  expect(await t.json<Job>("GET", `/api/jobs/${job.id}`)).toMatchObject({ state: "died" });
});

async function running(id: string): Promise<{ pid: number }> {
  for (let i = 0; i < 200; i++) {
    const { pid, progress } = await t.json<Job>("GET", `/api/jobs/${id}`);
    if (pid !== null && progress !== null) return { pid };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${id} does not run`);
}

it("the log is as long as is asked for, in whole lines", async () => {
  const job = await start(1);
  await follow(`/api/jobs/${job.id}/events`);
  const whole = await t.json<RunLog>("GET", `/api/runs/${job.id}/log`);
  const lines = whole.text.split("\n");
  expect([whole.truncated, lines.length]).toEqual([false, 3]);
  const last = lines.at(-1) ?? "";
  for (const [bytes, expected] of [
    [whole.text.length, whole],
    [whole.text.length - 1, { text: lines.slice(1).join("\n"), truncated: true }],
    [last.length, { text: last, truncated: true }],
    [1, { text: "", truncated: true }],
  ] as const)
    expect(await t.json<RunLog>("GET", `/api/runs/${job.id}/log?bytes=${bytes}`)).toEqual(expected);
  for (const wrong of ["0", "-1", "x", "1e9", ""]) expect((await t.ask("GET", `/api/runs/${job.id}/log?bytes=${wrong}`)).status).toBe(400);
});

it.each([
  [{ kind: "rm" }, "kind"],
  [{ kind: "train" }, "store"],
  [{ kind: "train", store: "../x" }, "store"],
  [{ kind: "train", store: "first", features: 0 }, "features"],
  [{ kind: "train", store: "first", nice: 3 }, ""],
  [{ kind: "index", dictionary: "a", store: ".b" }, "store"],
  [{ kind: "harvest", model: "/etc" }, "model"],
  [{ kind: "harvest", model: "../models/x" }, "model"],
  [{ kind: "harvest", model: "a/b/c" }, "model"],
  [{ kind: "harvest", model: "org/../x" }, "model"],
  [{ kind: "harvest", model: "a\\b" }, "model"],
])("%j starts nothing", async (body, field) => {
  const before = (await t.json<Jobs>("GET", "/api/jobs")).jobs.length;
  const answer = await t.ask("POST", "/api/jobs", { body });
  expect(answer.status).toBe(400);
  if (field !== "") expect(answer.json().error.field).toBe(field);
  expect((await t.json<Jobs>("GET", "/api/jobs")).jobs.length).toBe(before);
});

it("a model that there is not is said at once, even where a folder has that name", async () => {
  for (const model of ["packages/server", "packages", "somebody/something"]) {
    const answer = await t.ask("POST", "/api/jobs", { body: { kind: "harvest", model } });
    expect([answer.status, answer.json().error.field]).toEqual([404, "model"]);
  }
});

it.each(["/api/jobs/nothing", "/api/jobs/..%2fx/events", "/api/runs/nothing", "/api/jobs/20200101-000000-train-abcdef"])(
  "%s is no job",
  async (path) => {
    expect([400, 404]).toContain((await t.ask("GET", path)).status);
  },
);

it("forms become the command lines that do the same", () => {
  const argv = (job: unknown): string => jobArgv(startJobSchema.parse(job)).join(" ");
  expect(argv({ kind: "start" })).toBe("start --no-page --name first");
  expect(argv({ kind: "start", name: "b", tokens: 1000, steps: 5 })).toBe("start --no-page --name b --tokens 1000 --steps 5");
  expect(argv({ kind: "harvest", sites: ["blocks.1.hook_resid_post", "s"], text: ["-x", "b=2"], out: "o" })).toBe(
    "harvest --text=-x --text b=2 --out o --site blocks.1.hook_resid_post --site s",
  );
  expect(argv({ kind: "train", store: "s", learningRate: 0.001, baselines: false, preset: "short" })).toBe(
    "train --store s --preset short --lr 0.001 --no-baselines",
  );
  expect(argv({ kind: "index", dictionary: "d", store: "s", out: "o", replace: true })).toBe(
    "index --dictionary d --store s --atlas o --replace",
  );
});
