import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { makeModelHome, type ModelHome } from "./testing/model-home.ts";
import { type Patience, WorkerProcess } from "./worker-process.ts";

const forever = new AbortController().signal;
let home: ModelHome;

beforeAll(async () => {
  home = await makeModelHome();
});

async function start(patience: Patience): Promise<{ worker: WorkerProcess; pid: number }> {
  const ref = join(home.home, "models", "tiny");
  const worker = new WorkerProcess({ ref, name: "tiny", offline: true, onIdentity: () => {}, patience });
  onTestFinished(() => worker.kill());
  await worker.ready;
  return { worker, pid: worker.pid ?? 0 };
}

const text = (): Parameters<WorkerProcess["inspect"]>[0] => ({ atlas: home.tiny, text: "hello", top: 1, pinned: [] });

it("does not end a worker whose thread is busy when a client leaves: the others are answered", async () => {
  const { worker, pid } = await start({ looks: 20, everyMs: 50, silenceMs: 60_000 });
  const left = new AbortController();
  process.kill(pid, "SIGSTOP"); // a thread that is at work looks like this from outside
  const leaving = worker.inspect(text(), left.signal);
  const staying = worker.inspect(text(), forever);
  const both = Promise.allSettled([leaving, staying]);
  left.abort();
  await sleep(2000); // longer than all the looks
  process.kill(pid, "SIGCONT");
  const [, stayed] = await both;
  expect(stayed).toMatchObject({ status: "fulfilled", value: { model: "tiny" } });
  expect(worker.pid).toBe(pid);
});

it("ends one that says nothing at all any more", async () => {
  const { worker, pid } = await start({ looks: 3, everyMs: 50, silenceMs: 300 });
  const left = new AbortController();
  process.kill(pid, "SIGSTOP");
  const leaving = worker.inspect(text(), left.signal);
  left.abort();
  await expect(leaving).rejects.toMatchObject({ exit: { signal: "SIGKILL" } });
});
