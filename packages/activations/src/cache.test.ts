import { expect, test } from "vitest";
import { BufferCache } from "./cache.ts";

test("keeps what was used last, within its bytes", async () => {
  const cache = new BufferCache(250);
  const loads: string[] = [];
  const get = (key: string, bytes = 100): Promise<ArrayBuffer> => cache.get(key, async () => (loads.push(key), new ArrayBuffer(bytes)));
  await get("a");
  await get("b");
  await get("a");
  await get("c"); // b goes
  await get("a");
  await get("b");
  expect(loads).toEqual(["a", "b", "c", "b"]);
  expect(cache.bytes).toBeLessThanOrEqual(250);
  await get("huge", 1000);
  expect(cache.bytes).toBe(1000);
});
