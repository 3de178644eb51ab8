import type { TrainConfig } from "@lexiscope/contract";
import type { NativeDictionaryShape } from "../native-dictionary.ts";
import type { Architecture, ArchitectureName } from "./architecture.ts";
import { relu } from "./relu.ts";
import { topk } from "./topk.ts";

const architectures: { [A in ArchitectureName]: Architecture<A> } = { topk, relu };

/** Whole ways to train, by the name that a person types. */
const recipes = { topk: "topk", "scaling-monosemanticity": "relu" } as const;
export type RecipeName = keyof typeof recipes;
export const recipeNames = ["topk", "scaling-monosemanticity"] as const satisfies readonly RecipeName[];

export function architectureOf({ architecture }: Pick<TrainConfig, "architecture">): Architecture<ArchitectureName> {
  return architectures[architecture];
}

export function recipeArchitecture(recipe: RecipeName): Architecture<ArchitectureName> {
  return architectures[recipes[recipe]];
}

/** How the dictionary of a configuration computes. */
export function shapeOf(config: TrainConfig, d: number): NativeDictionaryShape {
  const { activation, applyBDecToInput } = architectureOf(config);
  return { d, features: config.features, activation: activation(config), applyBDecToInput };
}
