import { loadAddon } from "@lexiscope/native";
import { openModel, type Model } from "@lexiscope/model";
import { LexiscopeError } from "@lexiscope/core";
import { AtlasCache } from "./atlas-cache.ts";
import { createTurns, unlessAborted } from "./in-turn.ts";
import type { FromWorker, ToWorker, RunEvent } from "./types.ts";
import { toProcess } from "./wire-error.ts";
import { inspectHere } from "./worker-inspect.ts";
import { prepareRun, type HeldRun } from "./worker-generate.ts";
import { readPrompt } from "./worker-prompt.ts";

/** The process of one open model: see `worker-process.ts` for the other end. */

/** A screen shows a picture so often; tokens that come sooner after others go together: two processes and HTTP cost as much as a fifth of a step. */
const pictureMs = 16;

const atlases = new AtlasCache();
const stops = new Map<number, AbortController>();
const inTurn = createTurns();
const held = new Map<number, HeldRun>();
let model: Model | undefined;

process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => {}); // a Ctrl-C goes to all processes of a terminal: the server decides
process.on("message", (message: ToWorker) => {
  if (message.type === "open") void open(message);
  else if (message.type === "cancel") cancel(message.id);
  else if (message.type === "go") void answer(message.id, () => go(message.id));
  else if (message.type === "inspect") {
    void answer(message.id, async (signal) => {
      send({ type: "inspected", id: message.id, result: await inspectHere(opened(), atlases, message.job, signal) });
      return true;
    });
  } else if (message.type === "prompt") {
    void answer(message.id, async (signal) => {
      send({ type: "prompted", id: message.id, result: await inTurn(() => readPrompt(opened(), message.job), signal) });
      return true;
    });
  } else {
    void answer(message.id, async (signal) => {
      const preparing = prepareRun({ model: opened(), atlases, inTurn }, message.job, signal);
      const run = await unlessAborted(preparing, signal, (late) => late.drop());
      if (signal.aborted) {
        await run.drop();
        throw new LexiscopeError("aborted", "stopped");
      }
      held.set(message.id, run);
      send({ type: "prepared", id: message.id, prepared: run.prepared });
      return false;
    });
  }
});

function send(message: FromWorker): void {
  process.send?.(message, undefined, undefined, () => {}); // a server that has gone closes the channel
}

function opened(): Model {
  if (!model) throw new LexiscopeError("internal", "the model is not open yet");
  return model;
}

async function open({ ref, offline }: Extract<ToWorker, { type: "open" }>): Promise<void> {
  try {
    model = await openModel(ref, { dtype: "fast", offline, onProgress: ({ message }) => send({ type: "opening", message }) });
    const { path, threads, model: cpu } = loadAddon().cpu();
    send({
      type: "ready",
      model: {
        name: model.name,
        context: model.architecture.context,
        bytes: model.native.bytes,
        chat: model.chatTemplate !== undefined,
        cpu: { path, threads, model: cpu },
      },
    });
  } catch (error) {
    send({ type: "failed", error: toProcess(error) });
    return;
  }
  const identity = await model.identity().catch(() => undefined); // where it is needed, it is asked for again and the error said
  if (identity) send({ type: "identity", identity });
}

/** Does a part of a call. A call is over when its work says so, or fails. */
async function answer(id: number, work: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
  const stop = stops.get(id) ?? new AbortController();
  stops.set(id, stop);
  try {
    if (!(await work(stop.signal))) return;
    stops.delete(id);
    send({ type: "end", id });
  } catch (error) {
    stops.delete(id);
    send({ type: "error", id, error: toProcess(error) });
  }
}

async function go(id: number): Promise<boolean> {
  const run = held.get(id);
  held.delete(id);
  let unsent: RunEvent[] = [];
  let sentAt = -Infinity;
  let later: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(later);
    if (unsent.length > 0) send({ type: "events", id, events: unsent });
    [unsent, sentAt] = [[], performance.now()];
  };
  await run
    ?.go((event) => {
      if (unsent.push(event) > 1) return;
      const wait = sentAt + pictureMs - performance.now();
      // Sent once the next step is under way, which does not wait for it.
      if (wait <= 0) setImmediate(flush);
      else later = setTimeout(flush, wait);
    })
    .finally(flush);
  return true;
}

function cancel(id: number): void {
  send({ type: "stopping", id });
  const run = held.get(id);
  held.delete(id);
  stops.get(id)?.abort();
  if (run) void answer(id, async () => run.drop().then(() => Promise.reject(new LexiscopeError("aborted", "stopped"))));
}
