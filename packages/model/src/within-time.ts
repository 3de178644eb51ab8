import vm from "node:vm";

// Work runs in a context of its own only because Node's clock for synchronous code hangs on one.
const context = vm.createContext({ work: undefined as unknown });
const script = new vm.Script("work()");

/** Runs synchronous work and ends it when it takes longer: then it throws an error that {@link isLate} knows. Costs some 0.1 ms. */
export function withinTime<T>(milliseconds: number, work: () => T): T {
  context["work"] = work;
  return script.runInContext(context, { timeout: Math.ceil(milliseconds) }) as T;
}

/** Whether {@link withinTime} threw this because time was up. */
export function isLate(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
