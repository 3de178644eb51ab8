import { randomInt } from "node:crypto";
import type { Steering } from "@lexiscope/contract";
import { type AnyEdit, isFeatureEdit } from "@lexiscope/steering";
import type { ServerContext } from "../context.ts";
import { atlasPlace } from "../models/request.ts";
import type { AtlasPlace, GenerateVariant } from "../models/types.ts";
import { OpenaiError } from "./errors.ts";

/** What a request asks of features, resolved: which atlas, which edits. */
export interface ResolvedSteering {
  edits: AnyEdit[];
  atlas: AtlasPlace | undefined;
  baseline: boolean;
  features: number;
}

/** Edits of one request come from one atlas: the one named, else the first that was made for the model. */
export async function resolveSteering(
  context: ServerContext,
  model: string,
  steering: Steering | null | undefined,
): Promise<ResolvedSteering | undefined> {
  if (!steering) return undefined;
  const { edits, baseline, features } = steering;
  const names = new Set(edits.flatMap((edit) => ("dictionary" in edit && edit.dictionary !== undefined ? [edit.dictionary] : [])));
  if (steering.atlas !== undefined) names.add(steering.atlas);
  if (names.size > 1) {
    throw new OpenaiError(
      400,
      "invalid_value",
      `The edits of one request come from one atlas; these name ${[...names].join(", ")}.`,
      "steering.edits",
    );
  }
  const [named] = names;
  // A vector as it was given needs none; one for its site still says which positions are left alone.
  const needed = features > 0 || edits.some((edit) => isFeatureEdit(edit) || edit.unit === "norm");
  const name = named ?? (edits.length > 0 || features > 0 ? await firstAtlas(context, model) : undefined);
  if (needed && name === undefined) {
    throw new OpenaiError(
      400,
      "invalid_value",
      `There is no atlas for the model ${model}: its features cannot be edited or named.`,
      "steering.atlas",
    );
  }
  return {
    edits: edits.map(({ ...edit }) => {
      if ("dictionary" in edit) delete edit.dictionary;
      return edit;
    }),
    atlas: name === undefined ? undefined : (await atlasPlace(context, name).catch(asSteeringError)).place,
    baseline,
    features,
  };
}

/** An edit as the answer repeats it: without what its operation does not look at. */
export function appliedEdit(edit: AnyEdit, atlas: string | null): Record<string, unknown> {
  if (!isFeatureEdit(edit)) return edit;
  const { feature, op, value, unit, positions } = edit;
  const strength = op === "ablate" ? {} : op === "scale" ? { value } : { value, unit };
  return { dictionary: atlas, feature, op, ...strength, positions };
}

/** Variants of a request: `n` edited answers, then as many plain ones where they are asked for; the i-th of both draw from the same seed. */
export function choiceVariants({
  n,
  seed,
  steering,
}: {
  n: number;
  seed: number | null | undefined;
  steering: ResolvedSteering | undefined;
}): GenerateVariant[] {
  const first = seed ?? randomInt(2 ** 31);
  const seeds = Array.from({ length: n }, (_, i) => (first <= Number.MAX_SAFE_INTEGER - n ? first + i : first - i));
  const edited = seeds.map((value) => ({ edits: steering?.edits ?? [], seed: value }));
  return steering?.baseline ? [...edited, ...seeds.map((value) => ({ edits: [], seed: value }))] : edited;
}

async function firstAtlas({ atlases, models }: ServerContext, model: string): Promise<string | undefined> {
  const hash = (await models.list()).find(({ id }) => id === model)?.identity?.weightsHash;
  const fitting = (await atlases.list()).filter(({ summary }) => summary && (summary.model === model || summary.weightsHash === hash));
  return (fitting.find(({ id }) => id === "first") ?? fitting[0])?.id;
}

/** An atlas that is not there is a fault of the request's body, not of its address. */
function asSteeringError(error: unknown): never {
  if (error instanceof Error && "code" in error && error.code === "not_found")
    throw new OpenaiError(400, "invalid_value", error.message, "steering.atlas");
  throw error;
}
