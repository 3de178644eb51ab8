import { LexiscopeError } from "@lexiscope/core";
import type { AnyEdit, Edit, EditPositions } from "./types.ts";

const ops = ["clamp", "add", "scale", "ablate"] as const;
const examples =
  "clamp:1234=8x (8 × its maximum), clamp:1234=25 (activation units), add:1234=0.5n (× the median norm), scale:1234=3, ablate:1234; positions follow an @: @prompt, @generated, @10-20, @10- (to the end), @user";
const roles = ["system", "user", "assistant"] as const;

/** Feature numbers are 32-bit in native code. */
const maxFeature = 2 ** 32 - 1;
/** A position is an index into a context, which has at most 2²⁴ tokens. */
const maxPosition = 2 ** 24;

/**
 * Reads an edit as a person writes it: `op:feature=value[unit][@positions]`. Units: `x` × the feature's maximum,
 * `n` × the median norm at the site, none: units of a_i. Positions: `all`, `prompt`, `generated`, `from-to`
 * (half-open), `from-` (to the end), or roles of a chat (`user`, `system,user`).
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
        refuse(
          `${JSON.stringify(at)} are no positions; there are all, prompt, generated, FROM-TO with FROM < TO (TO is left out), FROM-, and roles: ${roles.join(", ")}`,
        ));
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

/** Whether an edit is one of a feature; the others bring a vector of their own. */
export function isFeatureEdit(edit: AnyEdit): edit is Edit {
  return "feature" in edit;
}

/** The text that {@link parseEdit} reads back as the same edit. An edit along a vector has a name only. */
export function formatEdit(edit: AnyEdit): string {
  const at = formatPositions(edit.positions);
  if (!isFeatureEdit(edit)) return `${edit.op}:vector at ${edit.site}=${edit.value}${edit.unit === "norm" ? "n" : ""}${at}`;
  const value =
    edit.op === "ablate" ? "" : `=${edit.value}${edit.op === "scale" ? "" : { max: "x", norm: "n", activation: "" }[edit.unit]}`;
  return `${edit.op}:${edit.feature}${value}${at}`;
}

function formatPositions(positions: EditPositions): string {
  if (positions === "all") return "";
  if (typeof positions === "string") return `@${positions}`;
  return "roles" in positions ? `@${positions.roles.join(",")}` : `@${positions.from}-${positions.to ?? ""}`;
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

function readPositions(text: string): EditPositions | undefined {
  if (text === "all" || text === "prompt" || text === "generated") return text;
  const match = /^(\d{1,8})-(\d{1,8})?$/.exec(text);
  if (match) {
    const from = Number(match[1]);
    if (match[2] === undefined) return from < maxPosition ? { from } : undefined;
    const to = Number(match[2]);
    return from < to && to <= maxPosition ? { from, to } : undefined;
  }
  const named = text.split(",").map((part) => roles.find((role) => role === part.trim()));
  return named.every((role) => role !== undefined) ? { roles: named } : undefined;
}
