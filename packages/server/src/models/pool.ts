import type { AtlasManifest, ModelEntry } from "@lexiscope/contract";
import { LexiscopeError } from "@lexiscope/core";
import { builtInModel } from "@lexiscope/model";
import type { Logger } from "pino";
import { ModelHost } from "./host.ts";
import { findModel, type KnownModel, listModels } from "./known-models.ts";
import type { GenerateJob, InspectJob, Inspection, OpenedModel, PoolEvent, PromptJob, PromptReading } from "./types.ts";

/** Models open at a time: each holds its weights in memory. */
const defaultMaxOpen = 2;

export interface ModelPoolOptions {
  logger: Logger;
  /** Nothing is downloaded. */
  offline?: boolean | undefined;
  maxOpen?: number | undefined;
  /** Pauses before a process that keeps dying is started again; after the last its model counts as failed. */
  restartDelaysMs?: readonly number[] | undefined;
}

/** Models, each in a process of its own that is started when it is first asked. The server's process never computes. */
export class ModelPool {
  readonly #hosts = new Map<string, ModelHost>();
  readonly #options: ModelPoolOptions;
  #closed = false;

  constructor(options: ModelPoolOptions) {
    this.#options = options;
  }

  /** Models that can be asked by name, the built-in first, and those that were asked by another. */
  async list(): Promise<ModelEntry[]> {
    const known = await listModels();
    for (const model of known) this.#host(model);
    return [...this.#hosts.values()].map(({ entry }) => entry);
  }

  /** The models of {@link list} as OpenAI's protocol lists them: name and time of the file, in seconds. */
  async known(): Promise<KnownModel[]> {
    return listModels();
  }

  /** Opens a model now. */
  async open(id: string, signal: AbortSignal): Promise<ModelEntry> {
    const host = await this.#find(id);
    await host.open(signal);
    return host.entry;
  }

  /** `not_found` for a model that there is not. What was opened before tells more of it. */
  async find(id: string): Promise<{ id: string; opened: OpenedModel | undefined }> {
    const host = await this.#find(id);
    return { id: host.id, opened: host.opened };
  }

  /** The model to run where none is named: the one that the atlas was made for, by its weights or else its name; else the built-in. */
  async modelFor(atlas: AtlasManifest | undefined): Promise<string> {
    const made = atlas?.dictionary.model;
    if (!made) return builtInModel.name;
    const same = [...this.#hosts.values()].find(({ identity }) => identity?.weightsHash === made.weightsHash);
    if (same) return same.id;
    return findModel(made.name).then(
      ({ id }) => id,
      () => builtInModel.name,
    );
  }

  /** What fires on a text. Texts of one model are read one after the other, beside its generations. */
  async inspect(id: string, job: InspectJob, signal: AbortSignal): Promise<Inspection> {
    return (await this.#find(id)).inspect(job, signal);
  }

  /** A prompt's tokens as a generation would read them. */
  async readPrompt(id: string, job: PromptJob, signal: AbortSignal): Promise<PromptReading> {
    return (await this.#find(id)).readPrompt(job, signal);
  }

  /**
   * Generates when the model's line has come to this request. Yields `prepared` once the request has been checked (what
   * is wrong with it is thrown before), then its place in the line, then the run. Ends when the signal fires or the
   * reader leaves.
   */
  async *generate(id: string, job: GenerateJob, signal: AbortSignal): AsyncGenerator<PoolEvent, void, void> {
    yield* (await this.#find(id)).generate(job, signal);
  }

  /** The kernels' path and threads, once a model has been open. */
  cpu(): OpenedModel["cpu"] | null {
    return [...this.#hosts.values()].find(({ opened }) => opened)?.opened?.cpu ?? null;
  }

  /** Processes by model. */
  pids(): Map<string, number> {
    return new Map([...this.#hosts].flatMap(([id, { pid }]) => (pid === undefined ? [] : [[id, pid] as const])));
  }

  /** Ends every process. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#hosts.values()].map((host) => host.end()));
  }

  /** The host of a model that is about to be asked; makes room for it. */
  async #find(id: string): Promise<ModelHost> {
    const host = this.#hosts.get(id) ?? this.#host(await findModel(id));
    if (this.#closed) throw new LexiscopeError("busy", "the server is closing", { hint: "start it again, then try again" });
    if (!host.live) await this.#makeRoom(host);
    return host;
  }

  #host({ id, ref, builtIn }: KnownModel): ModelHost {
    const { logger, offline = process.env["LEXISCOPE_OFFLINE"] === "1", restartDelaysMs } = this.#options;
    // A request downloads nothing: what a person has not fetched whole is said to be missing.
    const host =
      this.#hosts.get(id) ?? new ModelHost({ id, ref, name: id, builtIn, offline: offline || !builtIn, logger, restartDelaysMs });
    this.#hosts.set(id, host);
    return host;
  }

  async #makeRoom(next: ModelHost): Promise<void> {
    const { maxOpen = defaultMaxOpen } = this.#options;
    const live = [...this.#hosts.values()].filter((host) => host !== next && host.live);
    if (live.length < maxOpen) return;
    const [oldest] = live.filter(({ idle }) => idle).toSorted((a, b) => a.usedAt - b.usedAt);
    if (!oldest) {
      throw new LexiscopeError("busy", `${maxOpen} models are at work, and no more are opened beside them`, {
        field: "model",
        hint: "ask one of them, or try again when they have answered",
      });
    }
    await oldest.close();
  }
}
