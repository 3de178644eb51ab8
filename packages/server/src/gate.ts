import { LexiscopeError } from "@lexiscope/core";

/** Runs a piece of work when its turn has come. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

export interface GateOptions {
  /** Pieces that may wait; what comes beyond them is refused as `busy`. */
  waiting?: number | undefined;
  /** What there is too much of, for that error. */
  name?: string | undefined;
}

/** Lets so many pieces of work run at a time, the others wait in order: what each holds in memory is then held few times. */
export function createGate(together: number, { waiting: most = Infinity, name = "requests of this kind" }: GateOptions = {}): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= together && waiting.length >= most)
      throw new LexiscopeError("busy", `too many ${name} are asked for at once`, { hint: "try again in a moment" });
    if (running >= together) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next(); // its place goes to the next
      else running--;
    }
  };
}
