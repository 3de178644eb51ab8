import { appendFile, rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { followJob, type FollowOptions } from "./follow.ts";
import type { Line } from "./lines.ts";
import { runFiles } from "./run-folder.ts";
import { resumeJob } from "./start.ts";
import { removeJob, stopJob } from "./stop.ts";
import { entry, useHome } from "./testing/home.ts";

const at = useHome();

async function follow(id: string, options: FollowOptions = {}): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of followJob(id, { home: at.home, ...options })) lines.push(line);
  return lines;
}
const objects = (lines: Line[]): Record<string, unknown>[] => lines.map(({ line }) => JSON.parse(line) as Record<string, unknown>);

test("two followers of a running job see every line as it comes and end with it; from an offset comes the rest", async () => {
  const { id } = await at.start("--lines", "15", "--every", "30");
  const times: number[] = [];
  const first: Line[] = [];
  const second = follow(id);
  for await (const line of followJob(id, { home: at.home })) {
    first.push(line);
    times.push(performance.now());
  }
  expect(await second).toEqual(first);
  expect(objects(first).map(({ done }) => done)).toEqual([...Array.from({ length: 15 }, (_, i) => i + 1), undefined]);
  expect(objects(first).at(-1)).toEqual({ path: at.home, nice: "10", steps: 15 });
  // Spread over the run, not all at its end.
  expect((times[13] ?? 0) - (times[2] ?? 0)).toBeGreaterThan(150);
  for (const i of [0, 7, 15]) expect(await follow(id, { from: first[i]?.offset })).toEqual(first.slice(i + 1));
});

test("a line is not given out before it is whole, and what a killed process left of one is not either", async () => {
  const { id, pid } = await at.start("--lines", "3", "--end", "deaf", "--half");
  await at.until(id, ({ progress }) => progress?.done === 3);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const seen: Line[] = [];
  const all = (async () => {
    for await (const line of followJob(id, { home: at.home })) seen.push(line);
  })();
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(objects(seen)).toHaveLength(3);
  process.kill(pid ?? 0, "SIGKILL");
  await all;
  expect(objects(seen)).toHaveLength(3);
  await resumeJob(id, { home: at.home, entry });
  const resumed: Line[] = [];
  for await (const line of followJob(id, { home: at.home, from: seen.at(-1)?.offset })) {
    resumed.push(line);
    break;
  }
  expect(objects(resumed)[0]).toMatchObject({ type: "resumed", at: expect.any(Number) });
});

test("a follower of a job whose folder is deleted ends with not_found", async () => {
  const { id } = await at.start("--end", "deaf");
  const following = follow(id);
  following.catch(() => {});
  await at.until(id, ({ progress }) => progress !== null);
  const { pid } = await at.until(id, ({ state }) => state === "running");
  await rm(runFiles(id, at.home).folder, { recursive: true });
  await expect(following).rejects.toMatchObject({ code: "not_found", field: "id" });
  process.kill(pid ?? 0, "SIGKILL");
});

test("a job that has ended is followed to its end, one that is removed or was never there is not", async () => {
  const { id } = await at.start("--lines", "2", "--every", "1");
  await at.ended(id);
  expect(await follow(id)).toHaveLength(3);
  await removeJob(id, { home: at.home });
  await expect(follow(id)).rejects.toMatchObject({ code: "not_found" });
  await expect(follow("../../etc")).rejects.toMatchObject({ code: "invalid_input" });
  await expect(follow(id, { from: -1 })).rejects.toMatchObject({ code: "invalid_input", field: "from" });
});

test("the signal ends a follower at once", async () => {
  const { id } = await at.start("--end", "deaf", "--lines", "1");
  const controller = new AbortController();
  const following = follow(id, { signal: controller.signal });
  setTimeout(() => controller.abort(), 200);
  const started = performance.now();
  await expect(following).rejects.toMatchObject({ code: "aborted" });
  expect(performance.now() - started).toBeLessThan(450);
});

test("a follower sees a job that is stopped to its last line", async () => {
  const { id } = await at.start("--lines", "1000");
  const following = follow(id);
  await at.until(id, ({ progress }) => (progress?.done ?? 0) > 3);
  await stopJob(id, { home: at.home });
  expect(objects(await following).at(-1)).toMatchObject({ type: "error", code: "aborted" });
});

test("a flood of lines passes whole and in order", async () => {
  const { id } = await at.start("--lines", "0", "--end", "deaf");
  const { events } = runFiles(id, at.home);
  const flood = Array.from({ length: 5000 }, (_, i) => JSON.stringify({ type: "note", message: "é".repeat(i % 90), i }));
  const writing = (async () => {
    for (let i = 0; i < flood.length; i += 100) await appendFile(events, `${flood.slice(i, i + 100).join("\n")}\n`);
  })();
  const got: string[] = [];
  for await (const { line } of followJob(id, { home: at.home })) if (got.push(line) === flood.length) break;
  await writing;
  expect(got).toEqual(flood);
});
