import { expect, test } from "vitest";
import { LexiscopeError } from "./errors.ts";
import { whenFree } from "./when-free.ts";

const held = (file: string): LexiscopeError => new LexiscopeError("busy", "held", { file });

test("work is done again until the file is free, others being served in between", async () => {
  let [tries, others] = [0, 0];
  const watch = setInterval(() => others++, 1);
  const work = (): string => {
    if (++tries < 5) throw held("a");
    return "done";
  };
  expect(await whenFree("a", 5000, work)).toBe("done");
  clearInterval(watch);
  expect(tries).toBe(5);
  expect(others).toBeGreaterThan(3);
});

test("patience ends; another file, and another error, is not waited for", async () => {
  const triesAfter = async (error: Error): Promise<number> => {
    let tries = 0;
    const work = (): never => {
      tries++;
      throw error;
    };
    await expect(whenFree("a", 60, work)).rejects.toBe(error);
    return tries;
  };
  const started = performance.now();
  expect(await triesAfter(held("a"))).toBeGreaterThan(1);
  expect([await triesAfter(held("b")), await triesAfter(new Error("a"))]).toEqual([1, 1]);
  expect(performance.now() - started).toBeLessThan(2000);
});
