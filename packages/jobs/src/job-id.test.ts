import { expect, test } from "vitest";
import { checkJobId, isJobId, newJobId } from "./job-id.ts";

test("an id tells when and what, sorts by time and does not repeat", () => {
  const at = new Date("2026-11-23T03:45:00Z");
  expect(newJobId("train", at)).toMatch(/^20261123-034500-train-[0-9a-z]{6}$/);
  expect(newJobId("train", at) < newJobId("harvest", new Date(at.getTime() + 1000))).toBe(true);
  expect(new Set(Array.from({ length: 500 }, () => newJobId("index", at))).size).toBe(500);
});

test.each([
  "",
  ".",
  "..",
  "../20261123-034500-train-ab12cd",
  "20261123-034500-train-ab12cd/..",
  "20261123-034500-train-ab12cd\n",
  "20261123-034500-train-AB12CD",
  "20261123-034500-rm-ab12cd",
  "20261123-034500-train-ab12cd\0",
  ".tmp-20261123-034500-train-ab12cd",
  "%2e%2e%2f",
  "x".repeat(100_000),
])("%j is no id", (id) => {
  expect(isJobId(id)).toBe(false);
  expect(() => checkJobId(id)).toThrow(expect.objectContaining({ code: "invalid_input", field: "id" }));
});
