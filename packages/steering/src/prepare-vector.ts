import { defaultKeepRule } from "@lexiscope/activations";
import { LexiscopeError, parseSite } from "@lexiscope/core";
import { maxStrength } from "./limits.ts";
import { formatEdit } from "./parse-edit.ts";
import type { PreparedEdit } from "./prepare-edits.ts";
import type { EditOptions, SteeringContext, VectorEdit } from "./types.ts";

/**
 * Makes an edit along a vector of one's own ready. The atlas, where there is one for the same site, gives the median
 * norm and the positions that are left alone; elsewhere position 0 and special tokens are. Refuses a site that the model
 * lacks, another width, values that are not finite, `project_out` (`unsupported`), and the unit `norm` without an atlas
 * for the site.
 */
export function prepareVector(edit: VectorEdit, { model, atlas }: SteeringContext, options: EditOptions): PreparedEdit {
  const refuse = (what: string, field: string, hint: string): never => {
    throw new LexiscopeError("invalid_input", `${formatEdit(edit)}: ${what}`, { field, hint });
  };
  if (edit.op === "project_out") {
    throw new LexiscopeError("unsupported", `${formatEdit(edit)}: project_out is not offered for vectors`, {
      field: "op",
      hint: "use add with a negative value, or ablate a feature",
    });
  }
  const { d, layers } = model.architecture;
  const site = parseSite(edit.site, layers).name;
  const vector = readVector(edit.vector);
  if (vector.length !== d)
    refuse(
      `the vector has ${vector.length} values; the model's width is ${d}`,
      "vector",
      "give one value for each dimension of the residual stream",
    );
  if (!vector.every(Number.isFinite))
    refuse("the vector holds a value that is not finite", "vector", "NaN, infinities and values beyond f32 have no meaning here");
  if (!Number.isFinite(edit.value)) refuse("the value is not a finite number", "value", "give a number");
  const made = atlas?.manifest.dictionary.site === site ? atlas.manifest.dictionary : undefined;
  const length = Math.hypot(...vector);
  let factor = edit.value;
  if (edit.unit === "norm") {
    if (!made)
      return refuse(
        "the unit norm needs an atlas for this site, whose median norm it is",
        "unit",
        "name such an atlas, or use the unit vector",
      );
    if (length === 0) refuse("a vector of zeros has no direction", "vector", "give another vector");
    factor = (edit.value * made.medianNorm) / length;
  }
  const scaled = vector.map((v) => v * factor);
  const limit = made ? maxStrength * made.medianNorm : maxStrength ** 2;
  if (!(Math.hypot(...scaled) <= limit))
    refuse(
      `the change is longer than ${limit}: the model's arithmetic would overflow`,
      "value",
      "values up to a few median norms are usual",
    );
  const everywhere = options.editEverywhere === true;
  const keep = made?.keep ?? defaultKeepRule;
  return {
    edit,
    site,
    value: factor,
    vector: scaled,
    dictionary: undefined,
    keep: everywhere ? { skipPositionZero: false, skipSpecialTokens: false } : keep,
    maxNorm: everywhere || !made ? undefined : keep.maxNormOverMedian * made.medianNorm,
  };
}

/** [d] from numbers, or from base64 of little-endian f32. */
function readVector(vector: VectorEdit["vector"]): Float32Array {
  if (typeof vector !== "string") return Float32Array.from(vector);
  const bytes = Buffer.from(vector, "base64");
  if (bytes.length % 4 !== 0)
    throw new LexiscopeError("invalid_input", `the vector has ${bytes.length} bytes, which are no whole number of f32 values`, {
      field: "vector",
      hint: "encode d little-endian 32-bit floats as base64",
    });
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}
