/** Runs a piece of work when its turn has come. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets so many pieces of work run at a time, the others wait in order: what each holds in memory is then held few times. */
export function createGate(together: number): Gate {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
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
