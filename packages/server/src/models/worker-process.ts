import { fork, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelIdentity } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import type {
  FromWorker,
  GenerateJob,
  InspectJob,
  Inspection,
  OpenedModel,
  Prepared,
  PromptJob,
  PromptReading,
  RunEvent,
  ToWorker,
} from "./types.ts";
import { fromWire } from "./wire-error.ts";

/** A worker that says nothing for this long while it opens its model is stuck. Hashing a large file takes minutes. */
const openSilenceMs = 10 * 60_000;
/**
 * How long a worker may take to stop a call that was given up. It serves others too, so only what is surely stuck is
 * ended: native work stops within 200 ms, and a thread that is at another's request will come back.
 */
export interface Patience {
  /** Looked after so often, so far apart; each look counts when the worker has answered it. */
  looks: number;
  everyMs: number;
  /** A worker that answers nothing for this long has lost its thread. */
  silenceMs: number;
}
const usualPatience: Patience = { looks: 10, everyMs: 1000, silenceMs: 120_000 };
/** Kept of what the process printed, for the log. */
const maxOutput = 8192;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** What a call meets when its process has ended under it. */
export class WorkerEnded extends Error {
  override readonly name = "WorkerEnded";
  readonly exit: Exit;

  constructor(exit: Exit) {
    super(`the process ended (${describeExit(exit)})`);
    this.exit = exit;
  }
}

export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

export interface WorkerStart {
  ref: string;
  name: string;
  offline: boolean;
  onIdentity: (identity: ModelIdentity) => void;
  patience?: Patience | undefined;
}

/** A run that has been checked and waits to be let go. */
export interface PreparedRun extends Prepared {
  /** Its process still lives. */
  readonly alive: boolean;
  /** Lets it go; resolves when it has ended. */
  run(onEvent: (event: RunEvent) => void): Promise<void>;
  /** Gives it up. */
  drop(): void;
}

interface Call {
  take(message: FromWorker): void;
  end(error?: unknown): void;
}

/** A process that holds one open model. It ends when told to, when its channel closes, or when it crashes. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, Call>();
  readonly #patience: Patience;
  #nextId = 1;
  #exit: Exit | undefined;
  #output = "";
  /** Rejects with the model's own error, or {@link WorkerEnded}. */
  readonly ready: Promise<OpenedModel>;
  readonly exited: Promise<Exit>;

  constructor({ ref, name, offline, onIdentity, patience = usualPatience }: WorkerStart) {
    this.#patience = patience;
    const entry = new URL(`./worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    this.#child = fork(entry, { execArgv: [], serialization: "advanced", stdio: ["ignore", "pipe", "pipe", "ipc"] });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#output = (this.#output + text).slice(-maxOutput)));
    const ready = Promise.withResolvers<OpenedModel>();
    const exited = Promise.withResolvers<Exit>();
    this.ready = ready.promise;
    this.exited = exited.promise;
    this.ready.catch(() => {});
    const silence = setTimeout(() => this.#child.kill("SIGKILL"), openSilenceMs).unref();
    const ended = (exit: Exit): void => {
      if (this.#exit) return;
      this.#exit = exit;
      clearTimeout(silence);
      ready.reject(new WorkerEnded(exit));
      for (const call of this.#calls.values()) call.end(new WorkerEnded(exit));
      exited.resolve(exit);
    };
    this.#child.on("exit", (code, signal) => ended({ code, signal }));
    this.#child.on("error", () => {
      if (this.#child.pid === undefined) ended({ code: -1, signal: null });
    });
    this.#child.on("message", (message: FromWorker) => {
      if (message.type === "opening") silence.refresh();
      else if (message.type === "ready") {
        clearTimeout(silence);
        ready.resolve(message.model);
      } else if (message.type === "failed") ready.reject(fromWire(message.error));
      else if (message.type === "identity") onIdentity(message.identity);
      else this.#calls.get(message.id)?.take(message);
    });
    this.#send({ type: "open", ref, name, offline });
  }

  get pid(): number | undefined {
    return this.#exit ? undefined : this.#child.pid;
  }

  /** The end of what it printed. */
  get output(): string {
    return this.#output;
  }

  async inspect(job: InspectJob, signal: AbortSignal): Promise<Inspection> {
    const { promise, resolve } = Promise.withResolvers<Inspection>();
    const ended = this.#call(
      (id) => ({ type: "inspect", id, job }),
      signal,
      (message) => {
        if (message.type === "inspected") resolve(message.result);
      },
    ).ended;
    return Promise.race([promise, ended.then(() => promise)]);
  }

  async readPrompt(job: PromptJob, signal: AbortSignal): Promise<PromptReading> {
    const { promise, resolve } = Promise.withResolvers<PromptReading>();
    const { ended } = this.#call(
      (id) => ({ type: "prompt", id, job }),
      signal,
      (message) => {
        if (message.type === "prompted") resolve(message.result);
      },
    );
    return Promise.race([promise, ended.then(() => promise)]);
  }

  /** Checks a job and makes it ready to run. Errors: everything that can be wrong with the request. */
  async prepare(job: GenerateJob, signal: AbortSignal): Promise<PreparedRun> {
    const { promise, resolve } = Promise.withResolvers<Prepared>();
    let onEvent: ((event: RunEvent) => void) | undefined;
    const { id, ended, cancel } = this.#call(
      (callId) => ({ type: "prepare", id: callId, job }),
      signal,
      (message) => {
        if (message.type === "prepared") resolve(message.prepared);
        if (message.type === "events") for (const event of message.events) onEvent?.(event);
      },
    );
    const prepared = await Promise.race([promise, ended.then(() => promise)]);
    const exited = (): boolean => this.#exit !== undefined;
    return {
      ...prepared,
      get alive() {
        return !exited();
      },
      run: (listener) => {
        onEvent = listener;
        this.#send({ type: "go", id });
        return ended;
      },
      drop: cancel,
    };
  }

  /** Ends it at once; it holds nothing that could be lost. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  #call(
    message: (id: number) => ToWorker,
    signal: AbortSignal,
    take: (message: FromWorker) => void,
  ): { id: number; ended: Promise<void>; cancel: () => void } {
    const id = this.#nextId++;
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
    ended.catch(() => {}); // whoever waits for it sees it
    const { looks, everyMs, silenceMs } = this.#patience;
    let looked = 0;
    let next: NodeJS.Timeout | undefined;
    const kill = (): void => void this.#child.kill("SIGKILL");
    const look = (): void => {
      next = setTimeout(kill, silenceMs);
      this.#send({ type: "cancel", id });
    };
    const heard = (): void => {
      clearTimeout(next);
      if (++looked > looks) kill();
      else next = setTimeout(look, everyMs);
    };
    const cancel = (): void => {
      if (next === undefined && this.#calls.has(id)) look();
    };
    const end = (error?: unknown): void => {
      clearTimeout(next);
      signal.removeEventListener("abort", cancel);
      this.#calls.delete(id);
      if (error === undefined) resolve();
      else reject(error);
    };
    if (this.#exit) {
      reject(new WorkerEnded(this.#exit));
      return { id, ended, cancel };
    }
    if (signal.aborted) {
      reject(new LexiscopeError("aborted", "stopped"));
      return { id, ended, cancel };
    }
    this.#calls.set(id, {
      take: (answer) => {
        if (answer.type === "end") end();
        else if (answer.type === "error") end(fromWire(answer.error));
        else if (answer.type === "stopping") heard();
        else take(answer);
      },
      end,
    });
    signal.addEventListener("abort", cancel, { once: true });
    this.#send(message(id));
    return { id, ended, cancel };
  }

  #send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => {}); // one that has just ended says so by its exit
  }
}
