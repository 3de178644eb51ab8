import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileEdits, coveredPositions, refuseUnreachable } from "./compile-edits.ts";
import { parseEdit } from "./parse-edit.ts";
import type { PreparedEdit } from "./prepare-edits.ts";

const site = "blocks.1.hook_resid_post";
const special = new Set([0, 1]);
const kept = { skipPositionZero: true, skipSpecialTokens: true };

function prepared(text: string, keep: PreparedEdit["keep"] = kept): PreparedEdit {
  const edit = parseEdit(text);
  return {
    edit,
    site,
    value: edit.value,
    vector: edit.op === "add" ? Float32Array.of(edit.value, 0) : undefined,
    dictionary: undefined,
    keep,
    maxNorm: 50,
  };
}

const masks = (rows: Parameters<typeof compileEdits>[0]): number[][] =>
  compileEdits(rows, special).edits.map(({ mask }) => Array.from(mask));

describe("masks", () => {
  const tokens = [5, 1, 7, 8, 9];
  it("leave position 0 and special tokens alone", () => {
    expect(masks([{ edits: [prepared("ablate:3")], start: 0, tokens, promptTokens: 5 }])).toEqual([[0, 0, 1, 1, 1]]);
  });
  it("cover them when edits go everywhere", () => {
    const everywhere = { skipPositionZero: false, skipSpecialTokens: false };
    expect(masks([{ edits: [prepared("ablate:3", everywhere)], start: 0, tokens, promptTokens: 5 }])).toEqual([[1, 1, 1, 1, 1]]);
  });
  it("follow prompt, generated and half-open spans, in absolute positions", () => {
    const edits = ["ablate:1@prompt", "ablate:2@generated", "ablate:3@12-14"].map((text) => prepared(text));
    expect(masks([{ edits, start: 10, tokens: [5, 5, 5, 5, 5], promptTokens: 13 }])).toEqual([
      [1, 1, 1, 0, 0],
      [0, 0, 0, 1, 1],
      [0, 0, 1, 1, 0],
    ]);
  });
  it("go on to the end without a last position, in the answer too", () => {
    const edits = ["ablate:1@11-", "ablate:2@0-"].map((text) => prepared(text));
    expect(masks([{ edits, start: 10, tokens: [5, 5, 5], promptTokens: 12 }])).toEqual([
      [0, 1, 1],
      [1, 1, 1],
    ]);
  });
  it("follow the messages of a role; the answer is the assistant's", () => {
    const messages = [
      { role: "user" as const, from: 1, to: 3 },
      { role: "assistant" as const, from: 4, to: 5 },
    ];
    const edits = ["ablate:1@user", "ablate:2@assistant", "ablate:3@user,assistant"].map((text) => prepared(text));
    expect(masks([{ edits, start: 0, tokens: [5, 5, 5, 5, 5, 5, 5], promptTokens: 6, messages }])).toEqual([
      [0, 1, 1, 0, 0, 0, 0],
      [0, 0, 0, 0, 1, 0, 1],
      [0, 1, 1, 0, 1, 0, 1],
    ]);
  });
  it("stay in their own row", () => {
    const rows = [
      { edits: [], start: 4, tokens: [5, 6], promptTokens: 4 },
      { edits: [prepared("ablate:1")], start: 4, tokens: [5], promptTokens: 4 },
      { edits: [prepared("ablate:2")], start: 4, tokens: [5, 6], promptTokens: 4 },
    ];
    expect(masks(rows)).toEqual([
      [0, 0, 1, 0, 0],
      [0, 0, 0, 1, 1],
    ]);
  });
  it("share one native edit between rows that ask for the same", () => {
    const row = { edits: [prepared("clamp:1=2")], start: 4, tokens: [5], promptTokens: 4 };
    expect(masks([row, row])).toEqual([[1, 1]]);
  });
  it("keep two additions of one row apart, so that both count", () => {
    const row = { edits: [prepared("add:1=2"), prepared("add:1=2")], start: 4, tokens: [5], promptTokens: 4 };
    expect(masks([row])).toEqual([[1], [1]]);
  });
  it("of nothing are left out, and counted as such", () => {
    const { edits, covered } = compileEdits(
      [{ edits: [prepared("ablate:1@generated"), prepared("ablate:2")], start: 0, tokens: [5, 6], promptTokens: 2 }],
      special,
    );
    expect(edits.map(({ feature }) => feature)).toEqual([2]);
    expect(covered).toEqual([[0, 1]]);
  });
});

it("gives native code what each operation needs", () => {
  const { edits } = compileEdits(
    [{ edits: [prepared("add:1=2"), prepared("clamp:1=3")], start: 4, tokens: [5], promptTokens: 4 }],
    special,
  );
  expect(edits).toEqual([
    { site, op: "add", mask: Uint8Array.of(1), vector: Float32Array.of(2, 0), maxNorm: 50 },
    { site, op: "clamp", mask: Uint8Array.of(1), feature: 1, value: 3, maxNorm: 50 },
  ]);
});

it("covers, over any rows, exactly the positions that each row's edits name", () => {
  const text = fc.constantFrom("ablate:1", "ablate:2@prompt", "clamp:3=1@generated", "add:4=1@2-5", "add:4=1");
  const row = fc.record({
    edits: fc.array(
      text.map((t) => prepared(t)),
      { maxLength: 3 },
    ),
    start: fc.nat(4),
    tokens: fc.array(fc.nat(4), { maxLength: 5 }),
    promptTokens: fc.nat(8),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 4 }), (rows) => {
      const { edits, covered } = compileEdits(rows, special);
      const want = rows.map((r) => r.edits.map((edit) => coveredPositions(edit, r, special).length));
      expect(covered).toEqual(want);
      const bits = edits.reduce((sum, { mask }) => sum + mask.reduce((a, b) => a + b, 0), 0);
      expect(bits).toBe(want.flat().reduce((a, b) => a + b, 0));
    }),
  );
});

describe("an edit that can change nothing", () => {
  const prompt = [5, 1, 7];
  it.each(["ablate:1@0-2", "ablate:1@9-12", "ablate:1@8-9", "ablate:1@8-", "ablate:1@user"])("%s is refused before the run", (text) => {
    expect(() => refuseUnreachable([prepared(text)], prompt, 8, special)).toThrow(
      expect.objectContaining({ code: "invalid_input", message: expect.stringContaining(`${text} would change nothing`) }),
    );
  });
  it("is refused when the answer is one token, which is never fed back", () => {
    expect(() => refuseUnreachable([prepared("ablate:1@generated")], prompt, 3, special)).toThrow(/would change nothing/);
  });
  it.each(["ablate:1", "ablate:1@prompt", "ablate:1@generated", "ablate:1@2-3", "ablate:1@7-9", "ablate:1@7-", "ablate:1@assistant"])(
    "is not %s",
    (text) => {
      expect(() => refuseUnreachable([prepared(text)], prompt, 8, special)).not.toThrow();
    },
  );
});
