import type { GenerateEvent } from "@lexiscope/contract";
import { expect, it } from "vitest";
import { endGeneration, isOver, newGeneration, reduceGeneration } from "./generation-state.ts";

const token = (variant: number, text: string): GenerateEvent => ({ type: "token", variant, id: 1, text, logprob: -1 });
const play = (events: GenerateEvent[]): ReturnType<typeof newGeneration> => events.reduce(reduceGeneration, newGeneration(2));

it("follows an answer from the queue to its figures", () => {
  const state = play([
    { type: "queued", position: 2 },
    { type: "queued", position: 1 },
    { type: "start", promptTokens: 31, dropped: 0 },
    { type: "warning", message: "the edit is strong" },
    { type: "warning", message: "the edit is strong" },
    token(0, "A whale"),
    token(1, "Fiscal"),
    token(0, " swam"),
    { type: "end", variant: 1, reason: "stop" },
    { type: "end", variant: 0, reason: "length" },
    { type: "changes", variant: 1, risen: [], fallen: [] },
    { type: "done", firstTokenMs: 120, tokensPerSecond: 30, tokens: 3 },
  ]);
  expect(state).toMatchObject({
    phase: "done",
    promptTokens: 31,
    warnings: ["the edit is strong"],
    variants: [
      { text: "A whale swam", tokens: 2, reason: "length" },
      { text: "Fiscal", tokens: 1, reason: "stop" },
    ],
    changes: [{ variant: 1 }],
    figures: { firstTokenMs: 120, tokensPerSecond: 30 },
    error: null,
  });
});

it("shows its place while it waits", () => {
  expect(play([{ type: "queued", position: 3 }])).toMatchObject({ phase: "waiting", position: 3 });
});

it("keeps what came when it is stopped or cut off", () => {
  const state = play([{ type: "start", promptTokens: 3, dropped: 0 }, token(0, "half")]);
  expect(endGeneration(state, true)).toMatchObject({ phase: "stopped", error: null, variants: [{ text: "half" }, { text: "" }] });
  expect(endGeneration(state, false)).toMatchObject({ phase: "failed", error: { code: "cut_off" }, variants: [{ text: "half" }, {}] });
});

it("keeps the server's error, and an end after it changes nothing", () => {
  const failed = play([{ type: "error", error: { code: "mismatch", message: "feature 9 is not there" } }]);
  expect(endGeneration(failed, false)).toBe(failed);
  expect(failed.error?.message).toBe("feature 9 is not there");
  expect(isOver(failed)).toBe(true);
});

it("leaves other variants the same object, so that only the side that grew is drawn again", () => {
  const before = play([token(0, "a"), token(1, "b")]);
  const after = reduceGeneration(before, token(1, "c"));
  expect(after.variants[0]).toBe(before.variants[0]);
  expect(after.variants[1]).not.toBe(before.variants[1]);
});
