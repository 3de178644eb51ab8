import type { ModelEntry, ModelIdentity } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type { Logger } from "pino";
import { Channel } from "./channel.ts";
import { unlessAborted } from "./in-turn.ts";
import { Lane } from "./lane.ts";
import type { GenerateJob, InspectJob, Inspection, OpenedModel, PoolEvent, PromptJob, PromptReading } from "./types.ts";
import { describeExit, type PreparedRun, WorkerEnded, WorkerProcess } from "./worker-process.ts";
import { toWire } from "./wire-error.ts";

/** Requests that may wait for a model's one generation at a time: some minutes of work. */
const maxWaiting = 64;
/** Pause before a worker is started again, by crashes without an answer between them. After the last the model counts as failed. */
const usualDelaysMs = [0, 0, 500, 2000, 5000] as const;

export interface HostOptions {
  id: string;
  ref: string;
  name: string;
  builtIn: boolean;
  offline: boolean;
  logger: Logger;
  /** Undefined: some seconds in all. */
  restartDelaysMs?: readonly number[] | undefined;
}

/** One model: its process, started when first asked and again after a crash, and the line of those who ask it. */
export class ModelHost {
  readonly id: string;
  readonly #options: HostOptions;
  readonly #delaysMs: readonly number[];
  readonly #generations = new Lane(maxWaiting, "generations");
  readonly #inspections = new Lane(maxWaiting, "texts");
  #worker: WorkerProcess | undefined;
  /** The process that is opening the model. */
  #starting: WorkerProcess | undefined;
  #opening: Promise<WorkerProcess> | undefined;
  #opened: OpenedModel | undefined;
  #identity: ModelIdentity | undefined;
  #error: unknown;
  #crashes = 0;
  #closed = false;
  #ended = false;
  /** When it was last asked; what is idle longest is closed first. */
  usedAt = 0;

  constructor(options: HostOptions) {
    this.id = options.id;
    this.#options = options;
    this.#delaysMs = options.restartDelaysMs ?? usualDelaysMs;
  }

  get entry(): ModelEntry {
    const { id, name, builtIn } = this.#options;
    return {
      id,
      name: this.#opened?.name ?? name,
      builtIn,
      state: this.#opening ? "opening" : this.#worker ? "open" : this.#error === undefined ? "closed" : "failed",
      error: this.#error === undefined ? null : toWire(this.#error),
      identity: this.#identity ?? null,
      context: this.#opened?.context ?? null,
      bytes: this.#opened?.bytes ?? null,
      chat: this.#opened?.chat ?? null,
      running: Math.min(1, this.#generations.length) + Math.min(1, this.#inspections.length),
      waiting: Math.max(0, this.#generations.length - 1) + Math.max(0, this.#inspections.length - 1),
    };
  }

  get opened(): OpenedModel | undefined {
    return this.#opened;
  }

  get identity(): ModelIdentity | undefined {
    return this.#identity;
  }

  /** Its process, while there is one. */
  get pid(): number | undefined {
    return this.#worker?.pid ?? this.#starting?.pid;
  }

  /** It has a process, or is about to. */
  get live(): boolean {
    return this.#worker !== undefined || this.#opening !== undefined;
  }

  get idle(): boolean {
    return this.#generations.length === 0 && this.#inspections.length === 0 && this.#opening === undefined;
  }

  /** Opens the model unless it is open. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
  }

  async inspect(job: InspectJob, signal: AbortSignal): Promise<Inspection> {
    return this.#read(signal, (worker) => worker.inspect(job, signal));
  }

  /** Waits in the line of the texts. */
  async readPrompt(job: PromptJob, signal: AbortSignal): Promise<PromptReading> {
    return this.#read(signal, (worker) => worker.readPrompt(job, signal));
  }

  /** See {@link PoolEvent} for the order of what it yields. The run goes on however slowly it is read, and stops when its reader leaves. */
  async *generate(job: GenerateJob, signal: AbortSignal): AsyncGenerator<PoolEvent, void, void> {
    const channel = new Channel<PoolEvent>();
    const left = new AbortController();
    const leave = (): void => left.abort();
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    void this.#drive(job, left.signal, (event) => channel.push(event)).then(
      () => channel.end(),
      (error: unknown) => channel.end(error),
    );
    try {
      yield* channel;
    } finally {
      leave();
      signal.removeEventListener("abort", leave);
    }
  }

  /** Ends its process; a new one is started when it is next asked. */
  async close(): Promise<void> {
    this.#closed = true;
    const processes = [this.#worker, this.#starting].filter((worker) => worker !== undefined);
    this.#worker = undefined;
    await Promise.all(processes.map((worker) => worker.kill()));
  }

  /** Ends its process for good: who asks or waits is refused. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.close();
  }

  async #read<T>(signal: AbortSignal, read: (worker: WorkerProcess) => Promise<T>): Promise<T> {
    const place = this.#inspections.join();
    try {
      await place.front(signal);
      const result = await read(await this.#ready(signal));
      this.#crashes = 0;
      return result;
    } catch (error) {
      throw error instanceof WorkerEnded ? this.#died(error) : error;
    } finally {
      place.leave();
    }
  }

  async #drive(job: GenerateJob, signal: AbortSignal, send: (event: PoolEvent) => void): Promise<void> {
    const place = this.#generations.join();
    try {
      let run = await this.#prepare(job, signal);
      send({ type: "prepared", promptTokens: run.promptTokens, modelHash: run.modelHash });
      await place.front(signal, (position) => send({ type: "queued", position }));
      if (!run.alive) run = await this.#prepare(job, signal);
      await run.run(send);
      this.#crashes = 0;
    } catch (error) {
      throw error instanceof WorkerEnded ? this.#died(error) : error;
    } finally {
      place.leave();
    }
  }

  /** Waits for the model and checks the job. A process that dies meanwhile, maybe of another request, gets one more try. */
  async #prepare(job: GenerateJob, signal: AbortSignal): Promise<PreparedRun> {
    try {
      return await (await this.#ready(signal)).prepare(job, signal);
    } catch (error) {
      if (!(error instanceof WorkerEnded) || this.#closed) throw error;
      return (await this.#ready(signal)).prepare(job, signal);
    }
  }

  async #ready(signal: AbortSignal): Promise<WorkerProcess> {
    if (this.#ended) throw closedMeanwhile();
    this.usedAt = performance.now();
    if (this.#worker?.pid !== undefined) return this.#worker;
    this.#closed = false;
    this.#opening ??= this.#start().finally(() => (this.#opening = undefined));
    return unlessAborted(this.#opening, signal);
  }

  async #start(): Promise<WorkerProcess> {
    const { ref, name, offline, logger } = this.#options;
    this.#error = undefined;
    for (;;) {
      const delay = this.#delaysMs[Math.min(this.#crashes, this.#delaysMs.length - 1)] ?? 0;
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay).unref());
      if (this.#closed) throw closedMeanwhile();
      const worker = new WorkerProcess({ ref, name, offline, onIdentity: (identity) => (this.#identity = identity) });
      this.#starting = worker;
      try {
        this.#opened = await worker.ready;
        this.#starting = undefined;
      } catch (error) {
        this.#starting = undefined;
        await worker.kill();
        if (error instanceof WorkerEnded && !this.#closed && ++this.#crashes < this.#delaysMs.length) {
          logger.error({ model: this.id, exit: error.exit, output: worker.output }, "a model's process ended while it opened the model");
          continue;
        }
        if (this.#closed) throw closedMeanwhile();
        this.#error = error instanceof WorkerEnded ? this.#failedToStart(error) : error;
        throw this.#error;
      }
      if (this.#closed) {
        await worker.kill();
        throw closedMeanwhile();
      }
      this.#worker = worker;
      void this.#restartAfter(worker);
      return worker;
    }
  }

  async #restartAfter(worker: WorkerProcess): Promise<void> {
    const exit = await worker.exited;
    if (this.#worker !== worker) return; // it was closed
    this.#worker = undefined;
    this.#crashes++;
    this.#options.logger.error({ model: this.id, exit, output: worker.output }, "a model's process ended");
    if (this.#crashes < this.#delaysMs.length) await this.#ready(new AbortController().signal).catch(() => {}); // its error is kept in the entry
  }

  #died({ exit }: WorkerEnded): LexiscopeError {
    if (this.#closed) return closedMeanwhile();
    return new LexiscopeError(
      "internal",
      `the process of ${this.#options.name} ended while it worked on this request (${describeExit(exit)}); it is started again`,
      { field: "model", hint: "ask again; if it happens again with the same request, please report it" },
    );
  }

  #failedToStart({ exit }: WorkerEnded): LexiscopeError {
    return new LexiscopeError("environment", `${this.#options.name} cannot be opened: its process ended (${describeExit(exit)})`, {
      field: "model",
      hint: "there may be too little memory for it; the server's log says more",
    });
  }
}

function closedMeanwhile(): LexiscopeError {
  return new LexiscopeError("busy", "the model was closed before it had answered", { field: "model", hint: "ask again" });
}
