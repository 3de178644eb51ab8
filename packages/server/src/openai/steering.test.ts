import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeModelHome } from "../models/testing/model-home.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

let t: TestServer;
beforeAll(async () => {
  t = await startTestServer({ home: (await makeModelHome()).home });
});
afterAll(() => t.close());

interface Answer {
  choices: { text: string }[];
  steering: { applied: Record<string, unknown>[]; atlas: string | null; model_hash: string | null };
}
const body = (edit: object): object => ({ model: "tiny", prompt: "ab", max_tokens: 4, temperature: 0, steering: { edits: [edit] } });
const complete = (edit: object): Promise<Answer> => t.json<Answer>("POST", "/v1/completions", body(edit));
const feature = { dictionary: "tiny", feature: 3, positions: "all" };

it.each([
  [
    { op: "scale", value: 2, unit: "norm" },
    { op: "scale", value: 2 },
  ],
  [{ op: "ablate", value: 7 }, { op: "ablate" }],
  [
    { op: "add", value: 0.5, unit: "norm" },
    { op: "add", value: 0.5, unit: "norm" },
  ],
  [
    { op: "clamp", value: 2, unit: "activation" },
    { op: "clamp", value: 2, unit: "activation" },
  ],
])("%j is repeated as what it does", async (asked, applied) => {
  const { steering } = await complete({ feature: 3, ...asked });
  expect(steering.applied).toEqual([{ ...feature, ...applied }]);
});

it("a vector of one's own needs an atlas only for what an atlas knows", async () => {
  const vector = { site: "blocks.0.hook_resid_post", op: "add", vector: Array.from({ length: 32 }, (_, i) => 9 * Math.sin(i)) };
  expect((await complete({ ...vector, value: 0.5, unit: "norm" })).steering.atlas).toBe("tiny");
  await rename(join(t.home, "atlases", "tiny"), join(t.home, "elsewhere"));
  const { steering, choices } = await complete(vector);
  expect(steering).toMatchObject({ applied: [{ ...vector, value: 1, unit: "vector" }], atlas: null, model_hash: null });
  expect(choices[0]?.text).not.toBe((await complete({ ...vector, value: 0 })).choices[0]?.text);
  for (const edit of [
    { ...vector, unit: "norm" },
    { feature: 3, op: "ablate" },
  ]) {
    const refused = await t.ask("POST", "/v1/completions", { body: body(edit) });
    expect([refused.status, refused.json().error]).toEqual([400, expect.objectContaining({ param: "steering.atlas" })]);
  }
});
