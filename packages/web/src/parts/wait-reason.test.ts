import { expect, test } from "vitest";
import { waitReason } from "./wait-reason.ts";

const model = { name: "SmolLM2", state: "open" as const, waiting: 0 };

test("says that a model is being opened, that others are served first, or that it reads", () => {
  expect(waitReason([model, { ...model, name: "Pythia", state: "opening" }])).toContain("Pythia is being opened");
  expect(waitReason([{ ...model, waiting: 3 }])).toContain("3 other requests");
  expect(waitReason([model])).toBe("The model is reading …");
  expect(waitReason([])).toBe("The model is reading …");
});
