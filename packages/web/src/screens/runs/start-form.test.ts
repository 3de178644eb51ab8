import { expect, it } from "vitest";
import { startJobSchema } from "@lexiscope/contract";
import { fieldsOf, formCommand, forms, readCount, readForm } from "./start-form.ts";

it("asks for exactly what the server takes, in its order", () => {
  for (const option of startJobSchema.options) {
    const { kind, ...shape } = option.shape;
    const order = kind.value === "harvest" ? ["model", "text", "tokens", "context", "out", "sites"] : Object.keys(shape);
    const names = forms[kind.value].fields.map(({ name }) => name);
    expect(names.toSorted()).toEqual(order.toSorted());
  }
});

it("leaves out what is empty, and says what it would run", () => {
  const values = { store: "first", tokens: "1.5M", features: " ", learningRate: "5e-4", baselines: "on" };
  const { job, problems } = readForm("train", values);
  expect(problems).toEqual({});
  expect(job).toEqual({ kind: "train", store: "first", tokens: 1_500_000, learningRate: 0.0005, baselines: false });
  expect(startJobSchema.safeParse(job).success).toBe(true);
  expect(formCommand("train", values)).toBe("lexiscope train --store first --tokens 1500000 --lr 0.0005 --no-baselines");
  expect(formCommand("start", {})).toBe("lexiscope start --no-page --name first");
  expect(formCommand("harvest", { text: "/books\n my notes=2 \n" })).toBe("lexiscope harvest --text /books --text 'my notes=2'");
});

it("asks for what belongs to the recipe, and sends nothing of another one's", () => {
  const names = (recipe: string): string[] => fieldsOf("train", { recipe }).map(({ name }) => name);
  expect(names("")).toEqual(names("topk"));
  expect(names("")).toContain("k");
  expect(names("")).not.toContain("l1");
  expect(names("scaling-monosemanticity")).toContain("l1");
  expect(names("scaling-monosemanticity")).not.toContain("k");
  const values = { store: "first", recipe: "scaling-monosemanticity", k: "64", l1: "2" };
  expect(readForm("train", values).job).toEqual({ kind: "train", store: "first", recipe: "scaling-monosemanticity", l1: 2 });
});

it("names what is wrong by field", () => {
  expect(readForm("train", { tokens: "many", learningRate: "x" }).problems).toEqual({
    store: "choose one",
    tokens: expect.stringContaining("whole number"),
    learningRate: expect.stringContaining("a number"),
  });
});

it("reads counts as the command line does", () => {
  expect(["4096", "4_096", "300k", "1.5M", "2g"].map(readCount)).toEqual([4096, 4096, 300_000, 1_500_000, 2e9]);
  expect(["", "-3", "1.5", "k", "1e3"].map(readCount)).toEqual([undefined, undefined, undefined, undefined, undefined]);
});
