import { expect, test } from "vitest";
import { fuzzByStructure } from "./by-structure.ts";
import { readCorpus } from "./corpus.ts";
import { emptyTally, judge } from "./judge.ts";
import { registry } from "./registry.ts";

/** Those that open files, or a whole model, are slower. */
const cases: Readonly<Record<string, number>> = {
  gguf: 2000,
  safetensors: 1000,
  zip: 600,
  "edit-text": 1000,
  overlay: 300,
  addon: 300,
  atlas: 40,
  template: 60,
};
const otherwise = 150;

test.each(Object.keys(registry))(
  "%s: changed inputs are read or refused, within bounds",
  async (name) => {
    const n = cases[name] ?? otherwise;
    expect((await fuzzByStructure(name, { cases: n, seed: 1 })).cases).toBe(n);
  },
  240_000,
);

test.each(Object.keys(registry))(
  "%s: the corpus",
  async (name) => {
    const target = await registry[name]?.();
    if (!target) return;
    const inputs = [...target.seeds, ...readCorpus(name)];
    const tally = emptyTally();
    try {
      for (const input of inputs) await judge(target, input, tally);
    } finally {
      await target.close?.();
    }
    expect(tally.cases).toBe(inputs.length);
  },
  240_000,
);

test("valid inputs are read, not refused", async () => {
  for (const [name, open] of Object.entries(registry)) {
    const target = await open();
    try {
      for (const seed of target.seeds.slice(0, 3)) expect([name, await judge(target, seed, emptyTally())]).toEqual([name, "read"]);
    } finally {
      await target.close?.();
    }
  }
}, 240_000);
