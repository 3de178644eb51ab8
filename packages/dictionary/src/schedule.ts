import type { TrainConfig } from "@lexiscope/contract";

type Schedule = Pick<TrainConfig, "learningRate" | "steps" | "warmupSteps" | "decayShare">;

/**
 * Learning rate of step t = 0, 1, …: rises linearly over the warm-up (its first step is learningRate / warmupSteps),
 * stays, and falls linearly over the last `decayShare` of the steps, reaching 0 one step after the last (fixtures F8, F29).
 */
export function learningRateAt(config: Schedule, t: number): number {
  const warm = config.warmupSteps === 0 ? 1 : Math.min(1, (t + 1) / config.warmupSteps);
  const decaySteps = config.decayShare * config.steps;
  const decay = decaySteps === 0 ? 1 : Math.max(0, Math.min(1, (config.steps - t) / decaySteps));
  return config.learningRate * Math.min(warm, decay);
}
