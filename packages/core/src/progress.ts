/** One step of a long piece of work. CLI bars, logs and server-sent events are views of a stream of these. */
export interface ProgressEvent {
  /** What is being done: `harvest`, `train`, `index`, `download` … */
  phase: string;
  /** Units done and to do; `total` 0 when it is not known. */
  done: number;
  total: number;
  unit: string;
  /** Units per second, over the last seconds. */
  rate: number;
  /** Numbers that belong to this phase: loss, l0, fvu … */
  metrics?: Record<string, number>;
  /** One line for a person. */
  message?: string;
}

/** An async generator of progress whose return value is the result. */
export type Work<T> = AsyncGenerator<ProgressEvent, T, void>;

/** Options that every long piece of work takes. */
export interface WorkOptions {
  signal?: AbortSignal | undefined;
}

/** Runs work to its end, showing each event to `onProgress`. */
export async function finish<T>(work: Work<T>, onProgress?: (event: ProgressEvent) => void): Promise<T> {
  for (;;) {
    const step = await work.next();
    if (step.done) return step.value;
    onProgress?.(step.value);
  }
}

/** A gap between two samples this many times as long as those before it is a pause: the process was stopped, or the machine slept. */
const pauseFactor = 20;

/** Units per second over a sliding window. A pause does not count. */
export class RateMeter {
  readonly #windowMs: number;
  #samples: { at: number; done: number }[] = [];
  /** What stood before a pause, until there are two samples after it. */
  #before = 0;

  constructor(windowMs = 10_000) {
    this.#windowMs = windowMs;
  }

  update(done: number, now = performance.now()): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first && last) {
      const usual = (last.at - first.at) / Math.max(1, this.#samples.length - 1);
      if (this.#samples.length > 2 && now - last.at > Math.max(this.#windowMs, pauseFactor * usual)) {
        this.#before = this.#rate(last);
        this.#samples = [];
      }
    }
    this.#samples.push({ at: now, done });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.at ?? now) > this.#windowMs) this.#samples.shift();
    return this.#rate({ at: now, done });
  }

  #rate(last: { at: number; done: number }): number {
    const first = this.#samples[0];
    return !first || last.at === first.at ? this.#before : ((last.done - first.done) * 1000) / (last.at - first.at);
  }
}
