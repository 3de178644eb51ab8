import type { Edit, EditPositions } from "./edits.ts";

/**
 * An edit as a person writes it and as an address carries it: `op:feature=value[unit][@positions]`. Units: `x` × the
 * feature's maximum, `n` × the median norm at the site, none: units of a_i. Positions: `all`, `prompt`, `generated`,
 * `from-to` (half-open), `from-`, or roles of a chat (`user`, `system,assistant`). Imports nothing, so that the page
 * can carry it.
 */
export type EditTextResult = { ok: true; edit: Edit } | { ok: false; problem: string };

export const editTextHelp =
  "clamp:1234=8x (8 × its maximum), clamp:1234=25 (activation units), add:1234=0.5n (× the median norm), scale:1234=3, ablate:1234; positions follow an @: @prompt, @generated, @10-20, @10- (from 10 on), @user, @system,assistant";

const ops = ["clamp", "add", "scale", "ablate"] as const;
const roles = ["system", "user", "assistant"] as const;

/** The longest that says anything has some 60 characters; stops a megabyte from being judged, and quoted. */
const maxLength = 500;
/** Feature numbers are 32-bit in native code. */
const maxFeature = 2 ** 32 - 1;
/** A position is an index into a context, which has at most 2²⁴ tokens. */
const maxPosition = 2 ** 24;

export function parseEditText(text: string): EditTextResult {
  if (text.length > maxLength) return refuse(`an edit has at most ${maxLength} characters`);
  const [body = "", at, ...more] = text.trim().split("@");
  if (more.length > 0) return refuse("there is more than one @");
  const colon = body.indexOf(":");
  if (colon < 0) return refuse("an edit is op:feature=value");
  const opText = body.slice(0, colon);
  const op = ops.find((name) => name === opText.trim());
  if (!op) return refuse(`${JSON.stringify(opText)} is no operation; there are ${ops.join(", ")}`);
  const [featureText = "", ...valueParts] = body.slice(colon + 1).split("=");
  const feature = readFeature(featureText.trim());
  if (feature === undefined) return refuse(`${JSON.stringify(featureText)} is no feature number`);
  const positions = at === undefined ? "all" : readPositions(at.trim());
  if (!positions)
    return refuse(
      `${JSON.stringify(at)} are no positions; there are all, prompt, generated, FROM-TO with FROM < TO (TO is left out), FROM- (to the end), and roles: ${roles.join(", ")}`,
    );
  if (op === "ablate") {
    if (valueParts.length > 0) return refuse("ablate takes no value (it sets the feature to 0)");
    return { ok: true, edit: { op, feature, value: 0, unit: "activation", positions } };
  }
  if (valueParts.length === 0) return refuse(`${op} needs a value: ${op}:${feature}=${op === "scale" ? "3" : "8x"}`);
  const valueText = valueParts.join("=");
  const read = readValue(valueText.trim());
  if (!read) return refuse(`${JSON.stringify(valueText)} is no number with an optional unit x or n`);
  if (op === "scale" && read.unit !== "activation") return refuse("scale takes a plain factor, without a unit");
  if (!Number.isFinite(Math.fround(read.value))) return refuse("the value is not a finite number");
  return { ok: true, edit: { op, feature, ...read, positions } };
}

/** The text that {@link parseEditText} reads back as the same edit. */
export function formatEditText({ op, feature, value, unit, positions }: Edit): string {
  const strength = op === "ablate" ? "" : `=${value}${op === "scale" ? "" : { max: "x", norm: "n", activation: "" }[unit]}`;
  return `${op}:${feature}${strength}${formatPositionsText(positions)}`;
}

/** `@` and where it holds; nothing for everywhere. */
export function formatPositionsText(positions: EditPositions): string {
  if (positions === "all") return "";
  if (typeof positions === "string") return `@${positions}`;
  return "roles" in positions ? `@${positions.roles.join(",")}` : `@${positions.from}-${positions.to ?? ""}`;
}

function refuse(problem: string): EditTextResult {
  return { ok: false, problem };
}

function readFeature(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) && Number(text) <= maxFeature ? Number(text) : undefined;
}

function readValue(text: string): { value: number; unit: Edit["unit"] } | undefined {
  const match = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*(x|n|)$/i.exec(text);
  if (!match) return undefined;
  const unit = match[2]?.toLowerCase();
  return { value: Number(match[1]) + 0, unit: unit === "x" ? "max" : unit === "n" ? "norm" : "activation" };
}

function readPositions(text: string): EditPositions | undefined {
  if (text === "all" || text === "prompt" || text === "generated") return text;
  const span = /^(\d{1,8})-(\d{1,8})?$/.exec(text);
  if (!span) return readRoles(text);
  const from = Number(span[1]);
  if (span[2] === undefined) return from < maxPosition ? { from } : undefined;
  const to = Number(span[2]);
  return from < to && to <= maxPosition ? { from, to } : undefined;
}

function readRoles(text: string): EditPositions | undefined {
  const named = text.split(",").map((name) => roles.find((role) => role === name.trim()));
  return named.every((role) => role !== undefined) ? { roles: named } : undefined;
}
