import type { TrainConfig } from "@lexiscope/contract";
import type { NativeTrainerOptions } from "@lexiscope/native";
import type { Activation } from "../types.ts";

export type ArchitectureName = TrainConfig["architecture"];
export type ConfigOf<A extends ArchitectureName> = Extract<TrainConfig, { architecture: A }>;

/** `default`: as published. `short`: for a run of one or two minutes over about 300k tokens. */
export const presetNames = ["default", "short"] as const;
export type PresetName = (typeof presetNames)[number];

/** What a preset's other numbers follow from. */
export interface Sizes {
  d: number;
  features: number;
  steps: number;
}

/** How a dictionary is trained: everything that differs from one architecture to the next on this side of the addon. */
export interface Architecture<A extends ArchitectureName> {
  name: A;
  /** Settings that belong to this architecture alone. */
  own: readonly string[];
  /** All but `features`, `batch` and `steps`. */
  preset(preset: PresetName, sizes: Sizes): Omit<ConfigOf<A>, "architecture" | "features" | "batch" | "steps">;
  /** Refuses what cannot be trained. */
  check(config: ConfigOf<A>): void;
  /** Bytes that a step needs beside weights, moments, the packed encoder and [batch, d] arrays; all but the first last through the run. */
  stepBytes(config: ConfigOf<A>, d: number): number;
  activation(config: ConfigOf<A>): Activation;
  /** β: the encoder sees x − b_dec. */
  applyBDecToInput: boolean;
  /** The addon's options; `squaredNorm` is E‖x‖² of what it trains on. */
  trainer(
    config: ConfigOf<A>,
    squaredNorm: number,
  ): Pick<NativeTrainerOptions, "architecture" | "k" | "auxCoefficient" | "auxK" | "decoderNorm" | "clipNorm" | "screen">;
  /** λ of step t = 0, 1, … */
  penaltyAt(config: ConfigOf<A>, t: number): number;
  /** Ends a dictionary's default name. */
  suffix(config: ConfigOf<A>): string;
}
