import { expect, it } from "vitest";
import { Channel } from "./channel.ts";

it("gives what was pushed before, while and after it is read, in order", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  channel.push(2);
  const read: number[] = [];
  for await (const value of channel) {
    read.push(value);
    if (value === 2) setTimeout(() => channel.push(3));
    if (value === 3) {
      channel.push(4);
      channel.end();
      channel.push(5);
    }
  }
  expect(read).toEqual([1, 2, 3, 4]);
});

it("fails after the values that came before the error", async () => {
  const channel = new Channel<number>();
  channel.push(1);
  channel.end(new Error("no more"));
  const reader = channel[Symbol.asyncIterator]();
  expect(await reader.next()).toEqual({ value: 1, done: false });
  await expect(reader.next()).rejects.toThrow("no more");
});
