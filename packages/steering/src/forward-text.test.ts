import { withTask } from "@lexiscope/native";
import { beforeAll, describe, expect, it } from "vitest";
import { applyEdit } from "./apply-edit.ts";
import { compileEdits } from "./compile-edits.ts";
import { forwardText } from "./forward-text.ts";
import { parseEdit } from "./parse-edit.ts";
import { prepareEdits } from "./prepare-edits.ts";
import { logSumExp } from "./testing/log-sum-exp.ts";
import { activations, openTinySteering, tinySite, type TinySteering } from "./testing/tiny-steering.ts";

const text = "the whale swims";
let tiny: TinySteering;
let ids: Int32Array;
/** A feature that fires at `position` and its activation there, on the unedited text. */
let feature: number;
let position: number;
let activation: number;

beforeAll(async () => {
  tiny = await openTinySteering();
  ids = Int32Array.from(tiny.model.tokenizer.encode(text));
  const code = await withTask(undefined, async (task) => tiny.dictionary.encode((await activations(tiny.model, ids)).rows, task));
  position = 5;
  const place = position * tiny.dictionary.k;
  feature = code.indices[place] ?? -1;
  activation = code.values[place] ?? 0;
  if (!(activation > 0)) throw new Error("no feature fires there");
});

/** The residual stream at the dictionary's site under edits, f32 rows. */
async function residual(edits: string[], options = {}): Promise<Float32Array[]> {
  const { variants } = await prepareEdits(tiny, [edits.map(parseEdit)], options);
  const compiled = compileEdits(
    [{ edits: variants[0] ?? [], start: 0, tokens: ids, promptTokens: ids.length }],
    tiny.model.tokenizer.specialIds,
  );
  const { taps } = await withTask(undefined, (task) =>
    tiny.model.native.forward(
      {
        tokens: ids,
        lengths: Int32Array.of(ids.length),
        taps: [{ site: tinySite, values: "f32" }],
        edits: compiled.edits,
        logits: "none",
        top: 0,
      },
      task,
    ),
  );
  const values = taps[0]?.values ?? [];
  const { d } = tiny.model.architecture;
  return Array.from(ids, (_, row) => Float32Array.from(values.slice(row * d, (row + 1) * d)));
}

describe("edits through the model", () => {
  it.each([
    ["clamp", "=25", 25],
    ["clamp", "=-6", -6],
    ["add", "=25", 25],
    ["scale", "=3", 3],
    ["ablate", "", 0],
  ] as const)("%s%s gives what F33's arithmetic gives, at its token only", async (op, suffix, value) => {
    const plain = await residual([]);
    const edited = await residual([`${op}:${feature}${suffix}@${position}-${position + 1}`]);
    for (const [row, x] of plain.entries()) {
      const want = row === position ? applyEdit(x, tiny.direction(feature), activation, op, value) : Array.from(x);
      want.forEach((v, i) => expect(edited[row]?.[i]).toBeCloseTo(v, 4));
      if (row !== position) expect(edited[row]).toEqual(x);
    }
  });
  it("a clamp to the activation that is there changes no bit", async () => {
    expect(await residual([`clamp:${feature}=${activation}@${position}-${position + 1}`])).toEqual(await residual([]));
  });
  it("leaves position 0 alone, unless asked", async () => {
    const [plain, kept, everywhere] = [
      await residual([]),
      await residual(["add:3=9"]),
      await residual(["add:3=9"], { editEverywhere: true }),
    ];
    expect(kept[0]).toEqual(plain[0]);
    expect(kept[1]).not.toEqual(plain[1]);
    expect(everywhere[0]).not.toEqual(plain[0]);
  });
});

describe("forwardText", () => {
  it("gives ids, texts, likely next tokens and the loss of the full logits", async () => {
    const { tokens, nll, warnings } = await forwardText(tiny, { text, top: 3 });
    const full = await withTask(undefined, (task) =>
      tiny.model.native.forward({ tokens: ids, lengths: Int32Array.of(ids.length), taps: [], edits: [], logits: "full", top: 0 }, task),
    );
    const vocabulary = tiny.model.native.vocabulary;
    const logprobs = Array.from(ids, (_, row) => {
      const logits = full.logits?.slice(row * vocabulary, (row + 1) * vocabulary) ?? new Float32Array();
      return Array.from(logits, (logit) => logit - logSumExp(logits));
    });
    expect(tokens.map(({ id }) => id)).toEqual(Array.from(ids));
    expect(tokens.map((token) => token.text).join("")).toBe(text);
    expect(tokens.map((token) => token.position)).toEqual(Array.from(ids.keys()));
    expect(tokens[0]).not.toHaveProperty("norms");
    for (const token of tokens) {
      const own = logprobs[token.position] ?? [];
      const best = own.map((logprob, id) => ({ id, logprob })).sort((a, b) => b.logprob - a.logprob);
      expect(token.top.map(({ id }) => id)).toEqual(best.slice(0, 3).map(({ id }) => id));
      token.top.forEach(({ logprob, id, text: shown }, rank) => {
        expect(logprob).toBeCloseTo(best[rank]?.logprob ?? 0, 4);
        expect(shown).toBe(tiny.model.tokenizer.tokenText(id));
      });
    }
    const losses = Array.from(ids.subarray(1), (id, row) => -(logprobs[row]?.[id] ?? 0));
    expect(nll).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / losses.length, 4);
    expect(warnings).toEqual([]);
  });
  it("gives norms after every block, by site", async () => {
    const { tokens } = await forwardText(tiny, { text, top: 0, norms: true });
    const plain = await residual([]);
    expect(Object.keys(tokens[0]?.norms ?? {})).toEqual(["blocks.0.hook_resid_post", "blocks.1.hook_resid_post"]);
    tokens.forEach(({ norms, top }, row) => {
      expect(norms?.[tinySite]).toBeCloseTo(Math.hypot(...(plain[row] ?? [])), 3);
      expect(top).toEqual([]);
    });
  });
  it("changes what follows an edit, and nothing before it", async () => {
    const [plain, edited] = [
      await forwardText(tiny, { text }),
      await forwardText(tiny, { text, edits: [parseEdit(`add:3=9@${position}-99`)] }),
    ];
    expect(edited.tokens.slice(0, position)).toEqual(plain.tokens.slice(0, position));
    expect(edited.tokens[position]?.top).not.toEqual(plain.tokens[position]?.top);
  });
  it("has no loss for a single token", async () => {
    const { tokens, nll } = await forwardText(tiny, { text: "a" });
    expect(tokens).toHaveLength(1);
    expect(nll).toBeNull();
  });
  it("reads special tokens as such, or as text when literal", async () => {
    expect((await forwardText(tiny, { text: "a<|im_end|>", top: 0 })).tokens).toHaveLength(2);
    expect((await forwardText(tiny, { text: "a<|im_end|>", top: 0, literal: true })).tokens).toHaveLength(11);
  });
  it("refuses an empty text, and one longer than the context with both lengths", async () => {
    await expect(forwardText(tiny, { text: "" })).rejects.toMatchObject({ code: "invalid_input", message: "the text is empty" });
    await expect(forwardText(tiny, { text: "x".repeat(130) })).rejects.toMatchObject({
      code: "invalid_input",
      message: "the text has 130 tokens; the model's context holds 128",
    });
    await expect(forwardText(tiny, { text: "x", top: 1.5 })).rejects.toMatchObject({ field: "top" });
  });
  it("refuses an edit that no token of the text can have", async () => {
    await expect(forwardText(tiny, { text, edits: [parseEdit("add:3=9@generated")] })).rejects.toThrow(/would change nothing/);
    await expect(forwardText(tiny, { text, edits: [parseEdit("add:3=9@50-60")] })).rejects.toThrow(/would change nothing/);
  });
  it("refuses an edit that would overflow rather than giving nonsense", async () => {
    await expect(forwardText(tiny, { text, edits: [parseEdit("add:3=3e38")] })).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("would overflow"),
    });
  });
});
