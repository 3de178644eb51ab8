import type { KeepRule } from "@lexiscope/contract";
import { LexiscopeError, parseSite } from "@lexiscope/core";
import type { Dictionary } from "@lexiscope/dictionary";
import { compareModels } from "@lexiscope/dictionary";
import type { Model } from "@lexiscope/model";
import type { NativeDictionary } from "@lexiscope/native";
import { maxStrength } from "./limits.ts";
import { formatEdit, isFeatureEdit } from "./parse-edit.ts";
import { prepareVector } from "./prepare-vector.ts";
import type { AnyEdit, Edit, EditOptions, EditPositions, EditSource, SteeringContext } from "./types.ts";

/** An edit that is ready for a model: units resolved, direction and dictionary at hand. */
export interface PreparedEdit {
  readonly edit: AnyEdit;
  readonly site: string;
  /** Activation units; scale: the factor; ablate: 0. */
  readonly value: number;
  /** [d] what `add` adds: value·d̂, or a vector of one's own. */
  readonly vector: Float32Array | undefined;
  /** For the operations that need a_i. */
  readonly dictionary: NativeDictionary | undefined;
  /** Positions left alone: the dictionary's own rule, or nothing when edits go everywhere. */
  readonly keep: Pick<KeepRule, "skipPositionZero" | "skipSpecialTokens">;
  readonly maxNorm: number | undefined;
}

export interface PreparedEdits {
  variants: PreparedEdit[][];
  /** What the person should know: other weights, for one. */
  warnings: string[];
}

/**
 * Makes the edits of every variant ready. Refuses a dictionary for another model or site (`mismatch`), a feature that
 * does not exist, a unit that has no meaning for it, a vector of another width, and edits that contradict each other.
 */
export async function prepareEdits(
  context: SteeringContext,
  variants: readonly (readonly AnyEdit[])[],
  options: EditOptions = {},
): Promise<PreparedEdits> {
  const { model, atlas } = context;
  const all = variants.flat();
  if (!atlas && all.some(isFeatureEdit))
    throw new LexiscopeError("invalid_input", "edits need an atlas: it holds the features", {
      field: "atlas",
      hint: "name one; `lexiscope list` shows what there is, `lexiscope start` makes the first",
    });
  // A vector in multiples of the norm leans on the atlas too.
  const needed = atlas && all.some((edit) => isFeatureEdit(edit) || edit.unit === "norm") ? atlas : undefined;
  const warnings = needed ? await checkMadeFor(model, needed, options) : [];
  const dictionary = atlas && all.some(isFeatureEdit) ? await atlas.dictionary(options.signal) : undefined;
  for (const edits of variants) refuseContradictions(edits.filter(isFeatureEdit));
  const prepare = (edit: AnyEdit): PreparedEdit => {
    if (!isFeatureEdit(edit)) return prepareVector(edit, context, options);
    if (!atlas || !dictionary) throw new LexiscopeError("internal", `${formatEdit(edit)}: the dictionary was not opened`);
    return prepareFeature(edit, atlas, dictionary, options);
  };
  return { variants: variants.map((edits) => edits.map(prepare)), warnings };
}

function prepareFeature(
  edit: Edit,
  atlas: EditSource,
  dictionary: Pick<Dictionary, "native" | "direction">,
  options: EditOptions,
): PreparedEdit {
  const value = resolveValue(edit, atlas);
  const { medianNorm, keep, site } = atlas.manifest.dictionary;
  const everywhere = options.editEverywhere === true;
  return {
    edit,
    site,
    value,
    vector: edit.op === "add" ? dictionary.direction(edit.feature).map((v) => v * value) : undefined,
    dictionary: edit.op === "add" ? undefined : dictionary.native,
    keep: everywhere ? { skipPositionZero: false, skipSpecialTokens: false } : keep,
    maxNorm: everywhere ? undefined : keep.maxNormOverMedian * medianNorm,
  };
}

/**
 * `mismatch` unless the dictionary was made for this model. Other weights of the same model get a warning that says how
 * far they differ; so does another model of the same shape, where that is allowed.
 */
export async function checkMadeFor(model: Model, atlas: EditSource, options: EditOptions): Promise<string[]> {
  const made = atlas.manifest.dictionary;
  const { d, layers, vocabulary } = model.architecture;
  const identity = { ...(await model.identity(options.signal)), name: model.name, d, layers, vocabulary };
  const warnings = compareModels("the dictionary", made.model, identity, options);
  parseSite(made.site, layers);
  if (!(made.medianNorm > 0 && made.medianNorm < Infinity)) {
    throw new LexiscopeError("bad_file", `the dictionary's median norm is ${made.medianNorm}`, {
      field: "medianNorm",
      hint: "train or download the dictionary again",
    });
  }
  if (warnings.length === 0) return [];
  const drift = await atlas.drift?.(model, options.signal);
  if (drift === undefined) return warnings;
  return warnings.map(
    (warning) => `${warning}; on the atlas's own examples activations differ by ${Number((100 * drift).toPrecision(2))} % (median)`,
  );
}

function resolveValue(edit: Edit, atlas: EditSource): number {
  const refuse = (what: string, hint: string): never => {
    throw new LexiscopeError("invalid_input", `${formatEdit(edit)}: ${what}`, { field: "edit", hint });
  };
  const { features, medianNorm } = atlas.manifest.dictionary;
  if (!Number.isInteger(edit.feature) || edit.feature < 0 || edit.feature >= features)
    refuse(`the atlas has features 0 to ${features - 1}`, "find one with `lexiscope search WORD`");
  if (edit.op === "ablate") return 0;
  let unit = 1;
  if (edit.op !== "scale" && edit.unit === "norm") unit = medianNorm;
  if (edit.op !== "scale" && edit.unit === "max") {
    unit = atlas.summary(edit.feature).maximum;
    if (!(unit > 0))
      refuse(
        "the feature never fired while the atlas was made, so it has no maximum",
        `give activation units (${edit.op}:${edit.feature}=25) or norms (${edit.op}:${edit.feature}=0.5n)`,
      );
  }
  const value = edit.value * unit;
  const limit = edit.op === "scale" ? maxStrength : maxStrength * medianNorm;
  if (!(Math.abs(value) <= limit))
    refuse(
      `the strength ${value} is beyond ±${limit}${edit.op === "scale" ? "" : ", a million median norms"}: the model's arithmetic would overflow`,
      "values from −10x to 10x are usual",
    );
  return value;
}

/** Two edits that set the same feature at the same token have no one meaning, since each sees the activation as it came. */
function refuseContradictions(edits: readonly Edit[]): void {
  const setting = edits.filter((edit) => edit.op !== "add");
  for (const [i, first] of setting.entries()) {
    const second = setting.slice(i + 1).find((other) => other.feature === first.feature && overlap(first.positions, other.positions));
    if (second) {
      throw new LexiscopeError(
        "invalid_input",
        `${formatEdit(first)} and ${formatEdit(second)} both set feature ${first.feature} at the same tokens`,
        { field: "edit", hint: "keep one of them, or give them positions that do not overlap (@prompt, @generated, @10-20)" },
      );
    }
  }
}

/** Whether two edits may meet at a token, as far as that can be known without the prompt. */
function overlap(a: EditPositions, b: EditPositions): boolean {
  if (typeof a === "object" && typeof b === "object") {
    if ("roles" in a && "roles" in b) return a.roles.some((role) => b.roles.includes(role));
    if ("from" in a && "from" in b) return a.from < (b.to ?? Infinity) && b.from < (a.to ?? Infinity);
    return true;
  }
  if (typeof a === "object" || typeof b === "object") {
    const [named, spans] = typeof a === "object" ? [b, a] : [a, b];
    return !(named === "generated" && typeof spans === "object" && "roles" in spans && !spans.roles.includes("assistant"));
  }
  return a === b || a === "all" || b === "all";
}
