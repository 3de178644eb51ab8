import { LexiscopeError } from "@lexiscope/core";
import type { NativeEdit } from "@lexiscope/native";
import { formatEdit, isFeatureEdit } from "./parse-edit.ts";
import type { MessageSpan } from "./message-spans.ts";
import type { PreparedEdit } from "./prepare-edits.ts";
import type { EditPositions } from "./types.ts";

/** One sequence of a native call, with the edits that are its own. */
export interface EditedRow {
  edits: readonly PreparedEdit[];
  /** Position of the first of `tokens` in its sequence. */
  start: number;
  tokens: ArrayLike<number>;
  /** Length of the sequence's prompt: where `generated` begins. */
  promptTokens: number;
  /** Where the prompt's messages lie; needed when edits name roles. */
  messages?: readonly MessageSpan[] | undefined;
}

export interface CompiledEdits {
  edits: NativeEdit[];
  /** [rows][edits of the row] tokens that the mask covers. */
  covered: number[][];
}

/**
 * The edits of one native call: masks over all its tokens, rows one after the other, each row under its own edits only.
 * Rows with the same edit share one native edit, so that variants cost one encoder pass.
 */
export function compileEdits(rows: readonly EditedRow[], specialIds: ReadonlySet<number>): CompiledEdits {
  const total = rows.reduce((sum, row) => sum + row.tokens.length, 0);
  const shared = new Map<string, { native: NativeEdit; rows: Set<number> }[]>();
  const covered: number[][] = [];
  let offset = 0;
  for (const [r, row] of rows.entries()) {
    covered.push(
      row.edits.map((prepared) => {
        const positions = coveredPositions(prepared, row, specialIds);
        if (positions.length === 0) return 0;
        const { mask } = nativeFor(shared, prepared, r, total);
        for (const j of positions) mask[offset + j] = 1;
        return positions.length;
      }),
    );
    offset += row.tokens.length;
  }
  return { edits: [...shared.values()].flat().map(({ native }) => native), covered };
}

/** Indices into the row's tokens that the edit changes. */
export function coveredPositions({ edit, keep }: PreparedEdit, row: Omit<EditedRow, "edits">, specialIds: ReadonlySet<number>): number[] {
  const found: number[] = [];
  for (let j = 0; j < row.tokens.length; j++) {
    const position = row.start + j;
    if (!inSpan(edit.positions, position, row)) continue;
    if (keep.skipPositionZero && position === 0) continue;
    if (keep.skipSpecialTokens && specialIds.has(row.tokens[j] ?? -1)) continue;
    found.push(j);
  }
  return found;
}

/** Refuses an edit that can reach no token of a run whose sequence is at most `longest` tokens. */
export function refuseUnreachable(
  edits: readonly PreparedEdit[],
  prompt: ArrayLike<number>,
  longest: number,
  specialIds: ReadonlySet<number>,
  messages?: readonly MessageSpan[],
): void {
  for (const prepared of edits) {
    const { positions } = prepared.edit;
    // A generated token may be any that is not special, so each of their positions counts as reachable.
    const [first, last] = generatedReach(positions, prompt.length, longest);
    if (first < last) continue;
    if (coveredPositions(prepared, { start: 0, tokens: prompt, promptTokens: prompt.length, messages }, specialIds).length > 0) continue;
    throw new LexiscopeError(
      "invalid_input",
      `${formatEdit(prepared.edit)} would change nothing: none of the positions that it names can be edited in this run (${prompt.length} prompt tokens, at most ${longest} in all)`,
      {
        field: "edit",
        hint: "position 0 and special tokens are left alone unless you ask for edits everywhere; otherwise name other positions",
      },
    );
  }
}

/** The generated positions that an edit names, half-open. */
function generatedReach(positions: EditPositions, promptTokens: number, longest: number): [first: number, last: number] {
  if (positions === "prompt") return [0, 0];
  if (typeof positions === "string") return [promptTokens, longest];
  if ("roles" in positions) return positions.roles.includes("assistant") ? [promptTokens, longest] : [0, 0];
  return [Math.max(positions.from, promptTokens), Math.min(positions.to ?? longest, longest)];
}

function inSpan(positions: EditPositions, position: number, { promptTokens, messages = [] }: Omit<EditedRow, "edits">): boolean {
  if (positions === "all") return true;
  if (positions === "prompt") return position < promptTokens;
  if (positions === "generated") return position >= promptTokens;
  if ("from" in positions) return position >= positions.from && position < (positions.to ?? Infinity);
  if (position >= promptTokens) return positions.roles.includes("assistant");
  const at = lastFrom(messages, position);
  // Two texts may share a token.
  return [messages[at - 1], messages[at]].some((span) => span !== undefined && position < span.to && positions.roles.includes(span.role));
}

/** The last message whose text begins at a position or before it, by halves: there may be a thousand, asked for at every token. */
function lastFrom(messages: readonly MessageSpan[], position: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.from ?? Infinity) <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The native edit that this row may write its mask into: one of equal meaning that the row does not use yet. */
function nativeFor(
  shared: Map<string, { native: NativeEdit; rows: Set<number> }[]>,
  prepared: PreparedEdit,
  row: number,
  total: number,
): NativeEdit {
  const { edit, site, value, vector, dictionary, maxNorm } = prepared;
  const what = isFeatureEdit(edit) ? edit.feature : vectorName(edit);
  const key = [site, edit.op, what, value, maxNorm].join(" ");
  const list = shared.get(key) ?? [];
  shared.set(key, list);
  let entry = list.find(({ rows }) => !rows.has(row));
  if (!entry) {
    const operation = vector ? { op: "add" as const, vector } : featureOperation(prepared);
    const native: NativeEdit = {
      site,
      ...operation,
      mask: new Uint8Array(total),
      ...(dictionary ? { dictionary } : {}),
      ...(maxNorm === undefined ? {} : { maxNorm }),
    };
    entry = { native, rows: new Set() };
    list.push(entry);
  }
  entry.rows.add(row);
  return entry.native;
}

function featureOperation({ edit, value }: PreparedEdit): Pick<NativeEdit, "op" | "feature" | "value"> {
  if (!isFeatureEdit(edit)) throw new LexiscopeError("internal", `${formatEdit(edit)} has no vector`);
  return { op: edit.op, feature: edit.feature, value };
}

const vectorNames = new WeakMap<object, string>();
let namedVectors = 0;

/** Equal only for the same vector edit: its values are too many to compare at every token. */
function vectorName(edit: object): string {
  const name = vectorNames.get(edit) ?? `vector ${namedVectors++}`;
  vectorNames.set(edit, name);
  return name;
}
