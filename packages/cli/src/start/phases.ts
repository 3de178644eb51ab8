import { readFile, writeFile } from "node:fs/promises";

export interface PhaseRecord {
  name: string;
  seconds: number;
  /** Largest memory of the process while the phase ran; null where the system does not tell. */
  peakBytes: number | null;
}

/** Times phases and takes their peak memory, in the order in which they begin. */
export interface PhaseClock {
  readonly records: PhaseRecord[];
  run<T>(name: string, work: () => Promise<T>): Promise<T>;
}

export function createPhaseClock(): PhaseClock {
  const records: PhaseRecord[] = [];
  return {
    records,
    run: async (name, work) => {
      const resettable = await resetPeak();
      const started = performance.now();
      const result = await work();
      records.push({ name, seconds: (performance.now() - started) / 1000, peakBytes: resettable ? await peakBytes() : null });
      return result;
    },
  };
}

/** Linux forgets the peak so far when 5 is written to clear_refs. */
async function resetPeak(): Promise<boolean> {
  return writeFile("/proc/self/clear_refs", "5").then(
    () => true,
    () => false,
  );
}

async function peakBytes(): Promise<number | null> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
