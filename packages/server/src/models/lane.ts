import { LexiscopeError } from "@lexiscope/core";

/** A place in a line. */
export interface Place {
  /** Those before it; 0 = it is at work. */
  readonly position: number;
  /** Resolves when it is at the front. Tells each new position, 0 included. Rejects with `aborted` when the signal fires. */
  front(signal: AbortSignal, onPosition?: (position: number) => void): Promise<void>;
  /** Gives the place up, at the front or before. */
  leave(): void;
}

interface Waiting {
  moved(): void;
}

/** Requests that are worked on one at a time, first come, first served. */
export class Lane {
  readonly #limit: number;
  readonly #what: string;
  readonly #line: Waiting[] = [];

  /** `limit`: those that may wait. `what` names them in the error for one too many. */
  constructor(limit: number, what: string) {
    this.#limit = limit;
    this.#what = what;
  }

  /** At work and waiting. */
  get length(): number {
    return this.#line.length;
  }

  join(): Place {
    if (this.#line.length > this.#limit) {
      throw new LexiscopeError("busy", `${this.#limit} ${this.#what} are waiting for this model already`, {
        field: "model",
        hint: "try again in a minute",
      });
    }
    const line = this.#line;
    const entry: Waiting = { moved: () => {} };
    line.push(entry);
    return {
      get position() {
        return line.indexOf(entry);
      },
      front: (signal, onPosition) => waitForFront(entry, () => line.indexOf(entry), signal, onPosition),
      leave: () => {
        const at = line.indexOf(entry);
        if (at < 0) return;
        line.splice(at, 1);
        for (const behind of line.slice(at)) behind.moved();
      },
    };
  }
}

function waitForFront(
  entry: Waiting,
  position: () => number,
  signal: AbortSignal,
  onPosition: ((position: number) => void) | undefined,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = (): void => reject(new LexiscopeError("aborted", "stopped"));
  entry.moved = () => {
    onPosition?.(position());
    if (position() === 0) resolve();
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  else entry.moved();
  return promise.finally(() => {
    entry.moved = () => {};
    signal.removeEventListener("abort", stop);
  });
}
