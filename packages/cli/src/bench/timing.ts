import { loadAddon, type NativeProbe } from "@lexiscope/native";

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Something to be timed; `value = unitsPerRound / seconds`. */
export interface Round {
  run(): Promise<void>;
  /** Another program doing the same work: seconds of one round. */
  peer?: () => Promise<number>;
}

export interface Timed {
  /** Median seconds of ours. */
  seconds: number;
  peerSeconds: number | undefined;
  /** Median of the rates that register-only probes reached beside the rounds. */
  probe: NativeProbe;
}

/**
 * Times rounds until `budgetSeconds` are spent, at least three. Ours, the peer and a probe of the machine's limit take
 * turns, so that all meet the same neighbours on a shared machine.
 */
export async function time(round: Round, budgetSeconds: number, signal: AbortSignal): Promise<Timed> {
  await round.run();
  const ours: number[] = [];
  const peers: number[] = [];
  const probes: NativeProbe[] = [];
  const started = performance.now();
  while (ours.length < 3 || (performance.now() - started) / 1000 < budgetSeconds) {
    signal.throwIfAborted();
    const from = performance.now();
    await round.run();
    ours.push((performance.now() - from) / 1000);
    if (probes.length < 5) probes.push(await loadAddon().probe());
    if (round.peer && peers.length < 5) peers.push(await round.peer());
    if (ours.length >= 200) break;
  }
  const each = (name: keyof NativeProbe): number => median(probes.map((probe) => probe[name]));
  return {
    seconds: median(ours),
    peerSeconds: peers.length > 0 ? median(peers) : undefined,
    probe: { fastGflops: each("fastGflops"), exactGflops: each("exactGflops"), bandwidthGBs: each("bandwidthGBs") },
  };
}
