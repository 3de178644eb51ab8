import type { Chat, ChatInput } from "@lexiscope/contract";
import { expect, it, vi } from "vitest";
import { createKeeper, type ChatStore, type Keeper } from "./keeper.ts";

function setUp(id?: string): {
  calls: [string, ChatInput][];
  keeper: Keeper;
  created: string[];
  errors: unknown[];
  fail: { next: boolean };
} {
  const calls: [string, ChatInput][] = [];
  const created: string[] = [];
  const errors: unknown[] = [];
  const fail = { next: false };
  const answer = async (name: string, input: ChatInput): Promise<Chat> => {
    calls.push([name, input]);
    await Promise.resolve();
    if (fail.next) throw new Error("gone");
    return { id: "c1", updated: `t${calls.length}` } as Chat;
  };
  const store: ChatStore = { create: (input) => answer("create", input), change: (name, input) => answer(name, input) };
  const keeper = createKeeper(store, {
    id,
    onCreated: (chat) => created.push(chat.id),
    onSaved: () => undefined,
    onError: (error) => errors.push(error),
  });
  return { calls, keeper, created, errors, fail };
}

it("makes the conversation once, then changes it, the last state alone", async () => {
  vi.useFakeTimers();
  const { calls, keeper, created } = setUp();
  keeper.keep({ system: "a" }, "Title");
  keeper.keep({ system: "b" }, "Title");
  await vi.runAllTimersAsync();
  keeper.keep({ system: "c" }, "Title");
  keeper.keep({ system: "d" }, "Title");
  await vi.runAllTimersAsync();
  expect(calls).toEqual([
    ["create", { system: "a", title: "Title" }],
    ["c1", { system: "b" }],
    ["c1", { system: "d" }],
  ]);
  expect(created).toEqual(["c1"]);
  expect(keeper.state()).toEqual({ clean: true, updated: "t3" });
  vi.useRealTimers();
});

it("sends nothing that the server has", async () => {
  const { calls, keeper } = setUp("c1");
  keeper.adopt({ system: "a" }, "t0");
  keeper.keep({ system: "a" }, "");
  await keeper.flush();
  expect(calls).toEqual([]);
  keeper.keep({ system: "b" }, "");
  expect(keeper.state().clean).toBe(false);
  await keeper.flush();
  expect(calls).toEqual([["c1", { system: "b" }]]);
});

it("tells when it could not be kept, and keeps it at the next chance", async () => {
  const { calls, keeper, errors, fail } = setUp("c1");
  fail.next = true;
  keeper.keep({ system: "b" }, "");
  await keeper.flush();
  expect(errors).toHaveLength(1);
  expect(keeper.state().clean).toBe(false);
  fail.next = false;
  await keeper.flush();
  expect(calls).toHaveLength(2);
  expect(keeper.state().clean).toBe(true);
});
