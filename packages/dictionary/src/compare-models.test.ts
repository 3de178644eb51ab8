import { describe, expect, it } from "vitest";
import { compareModels } from "./compare-models.ts";

const made = { name: "smollm2-135m-instruct", weightsHash: "a".repeat(64), fileHash: null, d: 8, layers: 2, vocabulary: 10 };
const other = { ...made, weightsHash: "b".repeat(64) };

describe("compareModels", () => {
  it("is silent about the same weights, whatever they are called", () => {
    expect(compareModels("p", made, { ...made, name: "x" })).toEqual([]);
  });
  it.each([
    "smollm2-135m-instruct",
    "HuggingFaceTB/SmolLM2-135M-Instruct",
    "SmolLM2-135M-Instruct.Q8_0",
    "smollm2_135m_instruct-bf16.gguf",
  ])("warns of other weights called %s", (name) => {
    expect(compareModels("p", made, { ...other, name })).toEqual([expect.stringContaining("other weights of the same model")]);
  });
  it.each(["smollm2-360m-instruct", "smollm2-135m", ""])("refuses another model of the same shape, %j, unless asked", (name) => {
    expect(() => compareModels("p", made, { ...other, name })).toThrow(/^p was made for smollm2-135m-instruct/);
    expect(compareModels("p", made, { ...other, name }, { allowOtherModel: true })).toEqual([
      expect.stringContaining("another model of the same shape"),
    ]);
  });
  it.each([{ d: 16 }, { layers: 3 }, { vocabulary: 11 }])("refuses another shape always: %j", (shape) => {
    const compare = (): string[] => compareModels("p", made, { ...other, ...shape }, { allowOtherModel: true });
    expect(compare).toThrow(expect.objectContaining({ code: "mismatch", field: "model" }));
  });
});
