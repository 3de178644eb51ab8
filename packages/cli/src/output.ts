import { type ProgressEvent, type Work, finish } from "@lexiscope/core";
import { createProgressView } from "./progress-bar.ts";

/** Where a command puts what it has to say. People get text, `--json` gets one JSON object a line, the result last. */
export interface Output {
  /** One line (or several) for a person; nothing with `--json`. */
  print(text?: string): void;
  /** Text without a line break, for streams; nothing with `--json`. */
  write(text: string): void;
  /** A remark that belongs to neither result: a warning, a hint. To stderr. */
  note(text: string): void;
  /** The result: the last line with `--json`, nothing for a person. */
  result(value: unknown): void;
  /** A line of its own with `--json` before the result, such as a token of a stream; `type` names it. */
  event(value: { type: string } & Record<string, unknown>): void;
  /** Shows one progress event. */
  show(event: ProgressEvent): void;
  /** Runs work to its end while showing its progress. */
  progress<T>(work: Work<T>): Promise<T>;
  /** Waits for a promise that tells nothing of its progress, showing what it is and for how long. */
  during<T>(phase: string, promise: Promise<T>): Promise<T>;
  /** Ends a progress line that is still on the screen. */
  settle(): void;
}

export function createOutput({ json }: { json: boolean }): Output {
  const view = createProgressView({
    write: (text) => void process.stderr.write(text),
    terminal: Boolean(process.stderr.isTTY),
    columns: () => process.stderr.columns ?? 100,
  });
  const line = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  const show = json
    ? throttled((event) => line({ type: "progress", ...event, at: Date.now() }))
    : (event: ProgressEvent): void => view.show(event);
  const out: Output = {
    print: (text = "") => {
      view.end();
      if (!json) process.stdout.write(`${text}\n`);
    },
    write: (text) => {
      if (!json) process.stdout.write(text);
    },
    note: (text) => {
      view.end();
      if (json) line({ type: "note", message: text, at: Date.now() });
      else process.stderr.write(`${text}\n`);
    },
    result: (value) => {
      view.end();
      if (json) line(value);
    },
    event: (value) => {
      if (json) line(value);
    },
    show,
    progress: async (work) => {
      try {
        return await finish(work, show);
      } finally {
        view.end();
      }
    },
    during: async (phase, promise) => {
      const started = performance.now();
      const tick = (): void =>
        show({ phase, done: 0, total: 0, unit: "", rate: 0, message: `${((performance.now() - started) / 1000).toFixed(0)} s` });
      if (!json) tick();
      const timer = setInterval(tick, 500);
      try {
        return await promise;
      } finally {
        clearInterval(timer);
        view.end();
      }
    },
    settle: () => view.end(),
  };
  return out;
}

/** At most four events a second, and always the first of a phase and its end. */
function throttled(emit: (event: ProgressEvent) => void): (event: ProgressEvent) => void {
  let phase: string | undefined;
  let last = 0;
  return (event) => {
    const now = performance.now();
    if (event.phase === phase && now - last < 250 && event.done !== event.total) return;
    phase = event.phase;
    last = now;
    emit(event);
  };
}
