import { expect, test } from "vitest";
import { firstQuestion, readSteering, steeringAddress } from "./steer-address.ts";

const read = (query: string): ReturnType<typeof readSteering> => readSteering(new URLSearchParams(query), 7, 60);

test("an address that says nothing stands for the first question and the first dial", () => {
  const { question, dial } = read("");
  expect(question).toBe(firstQuestion);
  expect(steeringAddress({ question, edit: dial.edit }, 60)).toEqual({ steer: null, edit: null });
});

test("what was set comes back from the address", () => {
  const edit = { op: "add", feature: 7, value: -0.4, unit: "norm", positions: { from: 5 } } as const;
  const address = steeringAddress({ question: "Who are you?", edit }, 60);
  const { question, dial } = readSteering(new URLSearchParams(address as Record<string, string>), 7, 60);
  expect([question, dial]).toEqual(["Who are you?", { edit, muted: false }]);
});

test("an edit of another feature, or none that can be read, is left aside", () => {
  expect(read("edit=clamp:8=2x").dial).toEqual(read("").dial);
  expect(read("edit=nonsense").dial).toEqual(read("").dial);
});

test("a question too long for an address stays out of it", () => {
  expect(steeringAddress({ question: "x".repeat(2001), edit: read("").dial.edit }, 60).steer).toBeNull();
});
