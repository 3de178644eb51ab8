import { LexiscopeError } from "@lexiscope/core";
import type { Edit } from "./types.ts";

const ops = ["clamp", "add", "scale", "ablate"] as const;
const examples =
  "clamp:1234=8x (8 × its maximum), clamp:1234=25 (activation units), add:1234=0.5n (× the median norm), scale:1234=3, ablate:1234; positions follow an @: @prompt, @generated, @10-20";

/** Feature numbers are 32-bit in native code. */
const maxFeature = 2 ** 32 - 1;
/** A position is an index into a context, which has at most 2²⁴ tokens. */
const maxPosition = 2 ** 24;

/**
 * Reads an edit as a person writes it: `op:feature=value[unit][@positions]`. Units: `x` × the feature's maximum,
 * `n` × the median norm at the site, none: units of a_i. Positions: `all`, `prompt`, `generated`, or `from-to` (half-open).
 */
export function parseEdit(text: string): Edit {
  const refuse = (what: string): never => {
    throw new LexiscopeError("invalid_input", `edit ${JSON.stringify(text)}: ${what}`, { field: "edit", hint: `write ${examples}` });
  };
  const [body = "", at, ...more] = text.trim().split("@");
  if (more.length > 0) refuse("there is more than one @");
  const colon = body.indexOf(":");
  if (colon < 0) refuse("an edit is op:feature=value");
  const op =
    ops.find((name) => name === body.slice(0, colon).trim()) ??
    refuse(`${JSON.stringify(body.slice(0, colon))} is no operation; there are ${ops.join(", ")}`);
  const [featureText = "", ...valueParts] = body.slice(colon + 1).split("=");
  const feature = readFeature(featureText.trim()) ?? refuse(`${JSON.stringify(featureText)} is no feature number`);
  const positions =
    at === undefined
      ? "all"
      : (readPositions(at.trim()) ??
        refuse(`${JSON.stringify(at)} are no positions; there are all, prompt, generated, and FROM-TO with FROM < TO (TO is left out)`));
  if (op === "ablate") {
    if (valueParts.length > 0) refuse("ablate takes no value (it sets the feature to 0)");
    return { op, feature, value: 0, unit: "activation", positions };
  }
  if (valueParts.length === 0) refuse(`${op} needs a value: ${op}:${feature}=${op === "scale" ? "3" : "8x"}`);
  const { value, unit } =
    readValue(valueParts.join("=").trim()) ?? refuse(`${JSON.stringify(valueParts.join("="))} is no number with an optional unit x or n`);
  if (op === "scale" && unit !== "activation") refuse("scale takes a plain factor, without a unit");
  if (!Number.isFinite(Math.fround(value))) refuse("the value is not a finite number");
  return { op, feature, value, unit, positions };
}

/** The text that {@link parseEdit} reads back as the same edit. */
export function formatEdit(edit: Edit): string {
  const value =
    edit.op === "ablate" ? "" : `=${edit.value}${edit.op === "scale" ? "" : { max: "x", norm: "n", activation: "" }[edit.unit]}`;
  const { positions } = edit;
  const at = positions === "all" ? "" : typeof positions === "string" ? `@${positions}` : `@${positions.from}-${positions.to}`;
  return `${edit.op}:${edit.feature}${value}${at}`;
}

function readFeature(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= maxFeature ? Number(text) : undefined;
}

function readValue(text: string): { value: number; unit: Edit["unit"] } | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(x|n|)$/i.exec(text);
  if (!match) return undefined;
  const unit = match[2]?.toLowerCase();
  return { value: Number(match[1]) + 0, unit: unit === "x" ? "max" : unit === "n" ? "norm" : "activation" };
}

function readPositions(text: string): Edit["positions"] | undefined {
  if (text === "all" || text === "prompt" || text === "generated") return text;
  const match = /^(\d{1,8})-(\d{1,8})$/.exec(text);
  if (!match) return undefined;
  const span = { from: Number(match[1]), to: Number(match[2]) };
  return span.from < span.to && span.to <= maxPosition ? span : undefined;
}
