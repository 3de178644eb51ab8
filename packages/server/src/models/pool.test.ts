import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { builtInModel } from "@lexiscope/model";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ModelPool } from "./pool.ts";
import { builtInForTests, makeModelHome, openPool, type ModelHome } from "./testing/model-home.ts";
import type { GenerateJob, PoolEvent } from "./types.ts";

const builtIn = await builtInForTests();
const model = builtInModel.name;
const forever = new AbortController().signal;
const begun: AbortController[] = [];
let home: ModelHome;
let pool: ModelPool;

beforeAll(async () => {
  home = await makeModelHome(builtIn.path);
  pool = openPool();
});

afterEach(() => {
  for (const stop of begun.splice(0)) stop.abort();
});

function job(change: Partial<GenerateJob> = {}, maxTokens = 8): GenerateJob {
  return {
    prompt: "The capital of France is",
    variants: [{ edits: [] }],
    sampling: { temperature: 0, topP: 1, repetitionPenalty: 1, stop: [], seed: 0, maxTokens },
    atlas: undefined,
    ...change,
  };
}

async function collect(events: AsyncIterable<PoolEvent>): Promise<PoolEvent[]> {
  const found: PoolEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

function textOf(events: readonly PoolEvent[], variant = 0): string {
  return events.map((event) => (event.type === "token" && event.variant === variant ? event.text : "")).join("");
}

/** Begins a long answer and waits for its first token. */
async function begin(id: string, change: Partial<GenerateJob> = {}): Promise<{ stop: AbortController; rest: Promise<PoolEvent[]> }> {
  const stop = new AbortController();
  begun.push(stop);
  const events = pool.generate(id, job({ prompt: "Once upon a time", ...change }, 4000), stop.signal);
  for await (const event of { [Symbol.asyncIterator]: () => ({ next: () => events.next() }) }) if (event.type === "token") break;
  const rest = collect(events);
  rest.catch(() => {});
  return { stop, rest };
}

function pidOf(id: string): number {
  const pid = pool.pids().get(id);
  if (pid === undefined) throw new Error(`${id} has no process`);
  return pid;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error("it never came true");
}

describe("a tiny model", () => {
  it("is opened when it is first asked, in a process of its own", async () => {
    const before = (await pool.list()).find(({ id }) => id === "tiny");
    expect(before).toMatchObject({ id: "tiny", builtIn: false, state: "closed", identity: null, context: null });
    const events = await collect(pool.generate("tiny", job(), forever));
    expect(events.map(({ type }) => type)).toEqual(["prepared", "queued", "start", ...Array(8).fill("token"), "end", "done"]);
    expect(events[1]).toEqual({ type: "queued", position: 0 });
    expect(pidOf("tiny")).not.toBe(process.pid);
    await until(async () => (await pool.list()).some(({ id, identity }) => id === "tiny" && identity !== null));
    expect((await pool.list()).find(({ id }) => id === "tiny")).toMatchObject({ state: "open", context: 128, running: 0, waiting: 0 });
    expect(pool.cpu()).toMatchObject({ path: expect.any(String), threads: expect.any(Number) });
  });

  it("inspects with pinned features, and says which model runs", async () => {
    const result = await pool.inspect("tiny", { atlas: home.tiny, text: "hello there", top: 2, pinned: [3, 60] }, forever);
    expect(result).toMatchObject({ model: "tiny", atlas: "tiny", site: "blocks.0.hook_resid_post", warnings: [] });
    expect(result.tokens).toHaveLength(11);
    expect(result.tokens[0]?.leftOut).toBe("position 0");
    expect(result.pinned.map(({ index, activations }) => [index, activations.length])).toEqual([
      [3, 11],
      [60, 11],
    ]);
    const all = await pool.inspect("tiny", { atlas: home.tiny, text: "hello there", top: 64, pinned: [] }, forever);
    for (const { index, activations } of result.pinned)
      expect(activations).toEqual(all.tokens.map(({ features }) => features.find((feature) => feature.index === index)?.activation ?? 0));
    expect(result.tokens.every(({ features }) => features.length <= 2)).toBe(true);
  });

  it("edits, and reads the answers again", async () => {
    const edits = [{ op: "add", feature: 3, value: 4, unit: "norm", positions: "all" } as const];
    const events = await collect(
      pool.generate("tiny", job({ variants: [{ edits: [] }, { edits }], atlas: home.tiny, changes: 3, features: 2 }), forever),
    );
    expect(events[0]).toMatchObject({ type: "prepared", modelHash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(textOf(events, 1)).not.toBe(textOf(events, 0));
    const changes = events.find((event) => event.type === "changes");
    expect(changes).toMatchObject({ variant: 1 });
    expect(changes?.type === "changes" && changes.risen.length).toBeGreaterThan(0);
    const features = events.filter((event) => event.type === "features");
    expect(features.map((event) => event.variant)).toEqual([0, 1]);
    expect(features[0]?.tokens).toHaveLength(8);
    expect(events.at(-1)).toMatchObject({ type: "done", tokens: 16 });
  });

  it.each<[string, string, Partial<GenerateJob>, string]>([
    ["a model that there is not", "none", {}, 'there is no model "none"'],
    ["a path", "../models/tiny", {}, "there is no model"],
    ["an absolute path", "/etc/passwd", {}, "there is no model"],
    ["an empty prompt", "tiny", { prompt: "" }, "the prompt is empty"],
    [
      "edits without an atlas",
      "tiny",
      { variants: [{ edits: [{ op: "ablate", feature: 1, value: 0, unit: "max", positions: "all" }] }] },
      "atlas",
    ],
    ["a prompt that does not fit", "tiny", { prompt: "x".repeat(200) }, "the prompt has 200 tokens; the model's context holds 128"],
  ])("refuses %s before anything is yielded", async (_, id, change, message) => {
    const events = pool.generate(id, job(change), forever);
    await expect(events.next()).rejects.toThrow(message);
  });

  it("reads an atlas anew that was replaced on disk", async () => {
    const { path } = home.tiny;
    const text = { atlas: home.tiny, text: "hello there", top: 64, pinned: [] };
    const before = { ...(await pool.inspect("tiny", text, forever)), milliseconds: expect.any(Number) as number };
    await cp(path, `${path}-copy`, { recursive: true });
    await rename(path, `${path}-old`);
    await expect(pool.inspect("tiny", text, forever)).rejects.toMatchObject({ code: "not_found" });
    await rename(`${path}-copy`, path);
    expect(await pool.inspect("tiny", text, forever)).toEqual(before);
    await rm(join(path, "manifest.json"));
    await expect(pool.inspect("tiny", text, forever)).rejects.toMatchObject({ code: "not_found" });
    await rm(path, { recursive: true });
    await rename(`${path}-old`, path);
    expect(await pool.inspect("tiny", text, forever)).toEqual(before);
  });

  it("says that a process ended under a request, and starts it again", async () => {
    const pid = pidOf("tiny");
    process.kill(pid, "SIGSTOP"); // so that the request is surely under way
    const answer = collect(pool.generate("tiny", job(), forever));
    const inspection = pool.inspect("tiny", { atlas: home.tiny, text: "hello", top: 1, pinned: [] }, forever);
    const outcome = Promise.allSettled([answer, inspection]);
    await sleep(50);
    process.kill(pid, "SIGKILL");
    const [generated, inspected] = await outcome;
    // the generation had not begun: it goes on in the new process
    expect(generated).toMatchObject({ status: "fulfilled" });
    expect(inspected).toMatchObject({
      status: "rejected",
      reason: { code: "internal", message: expect.stringContaining("signal SIGKILL") },
    });
    expect(pidOf("tiny")).not.toBe(pid);
  });

  it("gives up on a process that dies whenever it starts, and tries again when asked", { timeout: 30_000 }, async () => {
    const own = openPool({ restartDelaysMs: [0, 0, 10, 20] });
    const killer = setInterval(() => {
      for (const pid of own.pids().values()) process.kill(pid, "SIGKILL");
    }, 5);
    try {
      await expect(own.open("tiny", forever)).rejects.toMatchObject({ code: "environment", message: expect.stringContaining("SIGKILL") });
      expect((await own.list()).find(({ id }) => id === "tiny")).toMatchObject({ state: "failed", error: { code: "environment" } });
    } finally {
      clearInterval(killer);
    }
  });

  it("keeps a bound on open models: the one idle longest is closed", async () => {
    const own = openPool({ maxOpen: 1 });
    await cp(join(home.home, "models", "tiny"), join(home.home, "models", "other"), { recursive: true });
    await own.open("tiny", forever);
    const first = own.pids().get("tiny");
    await own.open("other", forever);
    expect([...own.pids().keys()]).toEqual(["other"]);
    expect(() => process.kill(first ?? 0, 0)).toThrow("ESRCH");
    await own.close();
    expect(own.pids().size).toBe(0);
    await expect(own.open("tiny", forever)).rejects.toMatchObject({ code: "busy" });
  });

  it("does not close one that reads a prompt", async () => {
    const own = openPool({ maxOpen: 1 });
    await cp(join(home.home, "models", "tiny"), join(home.home, "models", "another"), { recursive: true });
    await own.open("tiny", forever);
    const pid = own.pids().get("tiny") ?? 0;
    process.kill(pid, "SIGSTOP"); // so that the prompt is surely being read
    try {
      const reading = own.readPrompt("tiny", { prompt: "hello", maxTokens: 1 }, forever);
      reading.catch(() => {});
      await until(async () => (await own.list()).some(({ id, running }) => id === "tiny" && running === 1));
      await expect(own.open("another", forever)).rejects.toMatchObject({ code: "busy" });
      process.kill(pid, "SIGCONT");
      expect(await reading).toMatchObject({ model: "tiny", dropped: 0 });
      await own.open("another", forever);
    } finally {
      await own.close();
    }
  });
});

it("leaves no process behind when its own is killed", async () => {
  const child = fork(new URL("./testing/pool-child.ts", import.meta.url), { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [{ worker }] = (await once(child, "message")) as [{ worker: number }];
  expect(process.kill(worker, 0)).toBe(true);
  child.kill("SIGKILL");
  await until(() => {
    try {
      process.kill(worker, 0);
      return false;
    } catch {
      return true;
    }
  });
});

describe.skipIf(builtIn.skipped !== undefined)(`the built-in model${builtIn.skipped ? ` (${builtIn.skipped})` : ""}`, () => {
  it("answers one after the other, and counts the places down", async () => {
    const first = await begin(model);
    const second = pool.generate(model, job(), forever);
    expect(await second.next()).toMatchObject({ value: { type: "prepared" } });
    const third = pool.generate(model, job({ prompt: "Water is" }), forever);
    await third.next();
    expect(await second.next()).toMatchObject({ value: { type: "queued", position: 1 } });
    expect(await third.next()).toMatchObject({ value: { type: "queued", position: 2 } });
    const stopped = performance.now();
    first.stop.abort();
    expect(await second.next()).toMatchObject({ value: { type: "queued", position: 0 } });
    expect(performance.now() - stopped).toBeLessThan(1000);
    await expect(first.rest).rejects.toMatchObject({ code: "aborted" });
    expect(textOf(await collect(second))).toContain("Paris");
    const positions = (await collect(third)).flatMap((event) => (event.type === "queued" ? [event.position] : []));
    expect(positions).toEqual([1, 0]);
  });

  it("takes one that leaves out of the line", async () => {
    const first = await begin(model);
    const left = new AbortController();
    const second = collect(pool.generate(model, job(), left.signal));
    const third = pool.generate(model, job(), forever);
    await third.next();
    expect(await third.next()).toMatchObject({ value: { type: "queued", position: 2 } });
    left.abort();
    expect(await third.next()).toMatchObject({ value: { type: "queued", position: 1 } });
    await expect(second).rejects.toMatchObject({ code: "aborted" });
    first.stop.abort();
    expect(textOf(await collect(third))).toContain("Paris");
  });

  it("goes on for a client that reads nothing, and does not hold up the next", async () => {
    const stalled = pool.generate(model, job(), forever);
    await stalled.next();
    expect(textOf(await collect(pool.generate(model, job(), forever)))).toContain("Paris");
    expect(textOf(await collect(stalled))).toContain("Paris");
  });

  it("inspects while it generates", async () => {
    const { small } = home;
    if (!small) throw new Error("there is no atlas of the built-in model");
    const generation = await begin(model);
    const result = await pool.inspect(model, { atlas: small, text: "The tower stands in Paris.", top: 3, pinned: [] }, forever);
    expect(result.tokens.map(({ text }) => text).join("")).toBe("The tower stands in Paris.");
    expect((await pool.list()).find(({ id }) => id === model)).toMatchObject({ running: 1 });
    generation.stop.abort();
    await expect(generation.rest).rejects.toMatchObject({ code: "aborted" });
  });

  it("fails the request under which its process is killed; those that wait go on in the new one", async () => {
    const first = await begin(model);
    const second = collect(pool.generate(model, job(), forever));
    const third = collect(pool.generate(model, job(), forever));
    await until(async () => (await pool.list()).some(({ id, waiting }) => id === model && waiting === 2));
    const pid = pidOf(model);
    process.kill(pid, "SIGKILL");
    await expect(first.rest).rejects.toMatchObject({ code: "internal", message: expect.stringContaining("signal SIGKILL") });
    expect(textOf(await second)).toContain("Paris");
    expect(textOf(await third)).toContain("Paris");
    expect(pidOf(model)).not.toBe(pid);
  });

  it("refuses what is one too many", async () => {
    const first = await begin(model);
    const stop = new AbortController();
    const waiting = Array.from({ length: 64 }, () => collect(pool.generate(model, job({}, 1), stop.signal)));
    for (const one of waiting) one.catch(() => {});
    await until(async () => (await pool.list()).some((entry) => entry.id === model && entry.waiting === 64));
    await expect(collect(pool.generate(model, job(), forever))).rejects.toMatchObject({ code: "busy" });
    stop.abort();
    first.stop.abort();
    await Promise.allSettled(waiting);
    expect(textOf(await collect(pool.generate(model, job(), forever)))).toContain("Paris");
  });
});
