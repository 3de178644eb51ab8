import { LexiscopeError } from "./errors.ts";

/** Where activations are read or edited; TransformerLens names. */
export const siteKinds = ["hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_attn_out", "hook_mlp_out"] as const;
export type SiteKind = (typeof siteKinds)[number];

export interface Site {
  /** `blocks.15.hook_resid_post` */
  name: string;
  layer: number;
  kind: SiteKind;
}

/** Parses a site's name; `layers` bounds the block number when it is known. */
export function parseSite(name: string, layers?: number): Site {
  const match = /^blocks\.(\d{1,4})\.(hook_[a-z_]+)$/.exec(name);
  const kind = siteKinds.find((k) => k === match?.[2]);
  if (!match || !kind) {
    throw new LexiscopeError("invalid_input", `${JSON.stringify(name)} is not a site`, {
      field: "site",
      hint: `sites are named blocks.L.KIND with KIND one of ${siteKinds.join(", ")}`,
    });
  }
  const layer = Number(match[1]);
  if (layers !== undefined && layer >= layers) {
    throw new LexiscopeError("invalid_input", `${name}: the model has blocks 0 to ${layers - 1}`, {
      field: "site",
      hint: `choose a block below ${layers}`,
    });
  }
  return { name, layer, kind };
}
