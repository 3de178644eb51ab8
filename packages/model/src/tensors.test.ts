import { expect, test } from "vitest";
import { matchTensors, roleShapes, type FoundTensor, type WantedTensor } from "./tensors.ts";
import { tinyArchitecture } from "./tiny-model.fixture.ts";

const wanted: WantedTensor[] = [
  { role: "embed", name: "e", shape: [4, 2] },
  { role: "final_norm", name: "n", shape: [2] },
  { role: "blocks.0.attn.q.bias", name: "b", shape: [2], optional: true },
];
const found = (...tensors: (Partial<FoundTensor> & { name: string })[]): Map<string, FoundTensor> =>
  new Map(tensors.map((t) => [t.name, { file: 0, offset: 0, bytes: 8, type: "F32", shape: [2], ...t }]));
const embed = { name: "e", shape: [4, 2], type: "Q8_0" };

test("matrices are [out, in], vectors have one row, optional ones may be missing", () => {
  const refs = matchTensors("f", wanted, found(embed, { name: "n" }), () => false);
  expect(refs.map(({ role, rows, cols, type }) => [role, rows, cols, type])).toEqual([
    ["embed", 4, 2, "Q8_0"],
    ["final_norm", 1, 2, "F32"],
  ]);
});

test("missing, extra, misshapen and unsupported tensors are named", () => {
  const error = (tensors: Map<string, FoundTensor>): unknown => {
    try {
      return matchTensors("f", wanted, tensors, (name) => name === "buffer");
    } catch (thrown) {
      return thrown;
    }
  };
  expect(error(found(embed))).toMatchObject({ code: "bad_file", message: "f lacks the tensor n", field: "n" });
  expect(error(found(embed, { name: "n" }, { name: "x" }))).toMatchObject({ code: "unsupported", field: "x" });
  expect(error(found(embed, { name: "n" }, { name: "buffer" }))).toHaveLength(2);
  expect(error(found(embed, { name: "n", shape: [1, 2] }))).toMatchObject({
    code: "bad_file",
    message: "f has n of shape [1, 2]; [2] is needed",
  });
  expect(error(found(embed, { name: "n", type: "IQ3_S" }))).toMatchObject({
    code: "unsupported",
    message: expect.stringContaining("n has the type IQ3_S"),
  });
  expect(error(new Map())).toMatchObject({ message: "f lacks the tensors e, n" });
});

test("roles of a tied and an untied model", () => {
  const roles = (tied: boolean): string[] => roleShapes(tinyArchitecture({ tied, layers: 1 })).map(({ role }) => role);
  expect(roles(true)).not.toContain("unembed");
  expect(roles(false)).toContain("unembed");
  expect(roles(true).filter((role) => role.endsWith(".bias")).length).toBe(7);
});
