import { expect, it } from "vitest";
import type { ZodType } from "zod";
import { vectorEditSchema } from "../edits.ts";
import { chatCompletionRequestSchema, completionRequestSchema } from "./openai.ts";

const chat = { model: "m", messages: [{ role: "user", content: "x" }] };
const long = "x".repeat(1_000_001);
const biases = (n: number): Record<string, number> => Object.fromEntries(Array.from({ length: n }, (_, i) => [i, 1]));
const vector = { op: "add", site: "blocks.0.hook_resid_post", vector: [1], value: 1, unit: "vector", positions: "all" };

it.each<[string, ZodType, unknown]>([
  ["a message", chatCompletionRequestSchema, { ...chat, messages: [{ role: "user", content: long }] }],
  ["a part", chatCompletionRequestSchema, { ...chat, messages: [{ role: "user", content: [{ type: "text", text: long }] }] }],
  ["a name", chatCompletionRequestSchema, { ...chat, messages: [{ role: "user", content: "x", name: long }] }],
  ["a user", chatCompletionRequestSchema, { ...chat, user: long }],
  ["a stop", chatCompletionRequestSchema, { ...chat, stop: long }],
  ["one of the stops", chatCompletionRequestSchema, { ...chat, stop: ["a", long] }],
  ["a prompt", completionRequestSchema, { model: "m", prompt: long }],
  ["a prompt in a list", completionRequestSchema, { model: "m", prompt: [long] }],
  ["a site", vectorEditSchema, { ...vector, site: long }],
])("%s of a million characters is too long", (_, schema, body) => {
  expect(schema.safeParse(body).success).toBe(false);
});

it("what is wrong in long lists leaves a few issues, not one an element", () => {
  const parts = Array.from({ length: 100_000 }, () => ({}));
  const stops = parts.map(() => 0);
  const wrong = Object.fromEntries(parts.map((_, i) => [`x${i}`, "y"]));
  const roles = { ...vector, positions: { roles: stops } };
  for (const [schema, body] of [
    [chatCompletionRequestSchema, { ...chat, messages: [{ role: "user", content: parts }] }],
    [chatCompletionRequestSchema, { ...chat, stop: stops }],
    [chatCompletionRequestSchema, { ...chat, logit_bias: wrong }],
    [completionRequestSchema, { model: "m", prompt: stops }],
    [vectorEditSchema, roles],
  ] as const) {
    const { success, error } = (schema as ZodType).safeParse(body);
    expect(success).toBe(false);
    expect(JSON.stringify(error?.issues).length).toBeLessThan(5000);
  }
});

it("takes what is usual: parts, a thousand biases, or none", () => {
  const parts = [{ type: "text", text: "a" }];
  const taken = chatCompletionRequestSchema.parse({ ...chat, messages: [{ role: "user", content: parts }], logit_bias: biases(1000) });
  expect(taken.logit_bias).toEqual(biases(1000));
  expect(chatCompletionRequestSchema.parse({ ...chat, logit_bias: null }).logit_bias).toBeNull();
  expect(chatCompletionRequestSchema.parse(chat)).not.toHaveProperty("logit_bias");
  expect(chatCompletionRequestSchema.safeParse({ ...chat, logit_bias: biases(1001) }).error?.issues).toMatchObject([
    { path: ["logit_bias"], message: expect.stringContaining("1000") as unknown },
  ]);
  expect(chatCompletionRequestSchema.safeParse({ ...chat, logit_bias: { x: 1 } }).success).toBe(false);
});
