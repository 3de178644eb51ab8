import { brief, LexiscopeError, parseSite } from "@lexiscope/core";

/** A stranger's `cfg.json`, judged: what is here can be computed exactly. */
export interface ForeignConfig {
  architecture: "standard" | "topk" | "jumprelu" | "gated" | "batchtopk";
  d: number;
  features: number;
  /** For `topk`. */
  k: number | undefined;
  /** The selection and the threshold are on p_i·‖W_dec,i‖ (`topk`, `batchtopk`). */
  rescaled: boolean;
  applyBDecToInput: boolean;
  /** A scale of the input was in use in training and is not folded into the weights. */
  scaled: boolean;
  /** In our names; undefined when the file names none. */
  site: string | undefined;
  modelName: string | undefined;
  context: number | undefined;
  /** As the file has them. */
  named: { architecture: string; version: string | undefined };
}

/** Names of architectures whose features are not a function of one token's activation that we compute, and why. */
const refused = new Map(
  Object.entries({
    transcoder: "it writes to another site than it reads",
    skip_transcoder: "it writes to another site than it reads",
    jumprelu_transcoder: "it writes to another site than it reads",
    jumprelu_skip_transcoder: "it writes to another site than it reads",
    matching_pursuit: "it chooses its features one after the other",
    temporal: "it needs the whole sequence",
    abstopk: "its features may be negative",
  }),
);

/** Ways of normalising that no fixed weights can stand for, and why. */
const unfoldable = new Map<unknown, string>(
  Object.entries({
    constant_norm_rescale: "every token is scaled by its own norm, which cannot be folded into weights",
    layer_norm: "every token is scaled by its own deviation, which cannot be folded into weights",
    covariance_whitening: "the whitening matrix is not in the folder; SAELens's `fold_activation_whitening` folds it",
  }),
);

/** Outputs of whole blocks, as hook names of Transformers' own modules have them. */
const blockModule = /^(?:model\.)?(?:model\.layers|transformer\.h|gpt_neox\.layers)\.(\d{1,4})$/;

/**
 * Reads the fields of a `cfg.json` of any version of SAELens (formats.md §1.3). Before version 6 a configuration is flat, has
 * other names and other defaults. What cannot be computed exactly is `unsupported`, what is missing or malformed is
 * `bad_file`, both naming the field.
 */
export function parseForeignConfig(file: string, config: unknown): ForeignConfig {
  if (typeof config !== "object" || config === null || Array.isArray(config))
    throw new LexiscopeError("bad_file", `${file} holds no object`, { file });
  const given = config as Record<string, unknown>;
  const metadata = (typeof given["metadata"] === "object" && given["metadata"] !== null ? given["metadata"] : {}) as Record<
    string,
    unknown
  >;
  const version = text(given["sae_lens_version"]) ?? text(metadata["sae_lens_version"]);
  const old = version === undefined || Number.parseInt(version, 10) < 6;
  const fields = old ? modernised(given) : given;
  const field = (name: string): unknown => metadata[name] ?? fields[name];

  const bad = (name: string, reason: string): LexiscopeError =>
    new LexiscopeError("bad_file", `${file}: ${name} is ${shown(fields[name])}; ${reason}`, { file, field: name });
  const unsupported = (name: string, reason: string, hint?: string): LexiscopeError =>
    new LexiscopeError("unsupported", `${file}: ${name} is ${shown(fields[name])}: ${reason}`, {
      file,
      field: name,
      ...(hint && { hint }),
    });
  const integer = (name: string): number => {
    const value = fields[name];
    if (typeof value !== "number" || !Number.isInteger(value) || value < 1) throw bad(name, "a whole number from 1 is expected");
    return value;
  };
  const flag = (name: string, otherwise: boolean): boolean => {
    const value = fields[name] ?? otherwise;
    if (typeof value !== "boolean") throw bad(name, "true or false is expected");
    return value;
  };

  const architecture = text(fields["architecture"]);
  if (architecture === undefined) throw bad("architecture", "a name is expected");
  const kind = kindOf(architecture);
  if (!kind)
    throw unsupported(
      "architecture",
      refused.get(architecture) ?? "this is not known",
      "standard, topk, jumprelu, gated and batchtopk are read",
    );
  const activation = fields["activation_fn"];
  if (old && kind !== "topk" && activation !== "relu") throw unsupported("activation_fn", "only relu, and topk with its k, are read");
  const normalise = fields["normalize_activations"] ?? "none";
  if (normalise !== "none" && normalise !== "expected_average_only_in")
    throw unsupported("normalize_activations", unfoldable.get(normalise) ?? "this is not known");
  const reshape = fields["reshape_activations"] ?? "none";
  if (reshape !== "none") throw unsupported("reshape_activations", "activations of single heads are no site of ours");
  if (fields["finetuning_scaling_factor"] === true)
    throw unsupported("finetuning_scaling_factor", "such a scale of the features is not read");
  const context = field("context_size");
  const features = integer("d_sae");
  const k = kind === "topk" ? integer("k") : undefined;
  if (k !== undefined && k > features) throw bad("k", `there are ${features} features`);
  return {
    architecture: kind,
    d: integer("d_in"),
    features,
    k,
    rescaled: (kind === "topk" || kind === "batchtopk") && flag("rescale_acts_by_decoder_norm", false),
    applyBDecToInput: flag("apply_b_dec_to_input", true),
    scaled: normalise === "expected_average_only_in",
    site: siteOf(file, field("hook_name") ?? field("hf_hook_name")),
    modelName: text(field("model_name")),
    context: typeof context === "number" && Number.isInteger(context) && context > 0 ? context : undefined,
    named: { architecture, version },
  };
}

function kindOf(architecture: string): ForeignConfig["architecture"] | undefined {
  if (architecture === "matryoshka_batchtopk") return "batchtopk";
  return (["standard", "topk", "jumprelu", "gated", "batchtopk"] as const).find((name) => name === architecture);
}

/** A flat configuration of SAELens 5 and before, in the names and with the defaults of 6. */
function modernised(given: Record<string, unknown>): Record<string, unknown> {
  const fields: Record<string, unknown> = { architecture: "standard", ...given };
  for (const [was, is] of [
    ["hook_point", "hook_name"],
    ["activation_fn_str", "activation_fn"],
  ] as const)
    if (!(is in fields) && was in fields) fields[is] = fields[was];
  fields["activation_fn"] ??= "relu";
  const options = fields["activation_fn_kwargs"];
  const k = typeof options === "object" && options !== null ? (options as Record<string, unknown>)["k"] : undefined;
  if (fields["activation_fn"] === "topk") Object.assign(fields, { architecture: "topk", k: fields["k"] ?? k });
  if (typeof fields["normalize_activations"] === "boolean")
    fields["normalize_activations"] = fields["normalize_activations"] ? "expected_average_only_in" : "none";
  return fields;
}

function siteOf(file: string, hook: unknown): string | undefined {
  const name = text(hook);
  if (name === undefined) return undefined;
  const block = blockModule.exec(name)?.[1];
  if (block !== undefined) return `blocks.${Number(block)}.hook_resid_post`;
  try {
    return parseSite(name).name;
  } catch (cause) {
    throw new LexiscopeError("unsupported", `${file}: hook_name is ${shown(name)}, which is no site of ours`, {
      file,
      field: "hook_name",
      hint: "dictionaries of residual streams, and of what attention and MLP add to them, can be used",
      cause,
    });
  }
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const shown = (value: unknown): string => (value === undefined ? "missing" : brief(value));
