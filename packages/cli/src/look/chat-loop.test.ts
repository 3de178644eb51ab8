import { LexiscopeError } from "@lexiscope/core";
import { expect, it } from "vitest";
import { chatLoop, type ChatState, type Reply } from "./chat-loop.ts";

interface Setting {
  state?: ChatState;
  reply?: (state: ChatState) => Promise<Reply>;
}

/** Types lines into a chat whose answers are its number of messages and edits. */
async function typed(
  lines: string[],
  { state = { messages: [], edits: [] }, reply = countingReply }: Setting = {},
): Promise<{ state: ChatState; printed: string[] }> {
  const printed: string[] = [];
  const left = [...lines];
  await chatLoop(state, { read: async () => left.shift(), print: (text) => printed.push(text) }, reply);
  return { state, printed };
}

async function countingReply({ messages, edits }: ChatState): Promise<Reply> {
  return { text: `${messages.length} messages, ${edits.length} edits` };
}

it("keeps the history and answers with it", async () => {
  const { state } = await typed(["hello", "", "  and?  "]);
  expect(state.messages).toEqual([
    { role: "user", content: "hello" },
    { role: "assistant", content: "1 messages, 0 edits" },
    { role: "user", content: "and?" },
    { role: "assistant", content: "3 messages, 0 edits" },
  ]);
});

it("adds, shows and removes edits, and explains a wrong one", async () => {
  const { state, printed } = await typed([
    "/edit",
    "/edit clamp:12=8x",
    "/edit add:3=1n ablate:4@prompt",
    "/edit clamp:12",
    "hello",
    "/edit off",
  ]);
  expect(printed[0]).toBe("No edits.");
  expect(printed[1]).toBe("Edits: clamp:12=8x");
  expect(printed[2]).toBe("Edits: clamp:12=8x add:3=1n ablate:4@prompt");
  expect(printed[3]).toContain("needs a value");
  expect(state.messages[1]?.content).toBe("1 messages, 3 edits");
  expect(printed[4]).toBe("No edits.");
});

it("forgets all but the system message on /reset, and leaves on /quit", async () => {
  const system = { role: "system" as const, content: "Be brief." };
  const { state } = await typed(["hello", "/reset", "again", "/quit", "never read"], { state: { messages: [system], edits: [] } });
  expect(state.messages.map(({ content }) => content)).toEqual(["Be brief.", "again", "2 messages, 0 edits"]);
});

it("shows the commands for one it does not know", async () => {
  expect((await typed(["/what"])).printed[0]).toContain("/reset");
});

it("forgets a message that could not be answered, keeps a stopped answer", async () => {
  const fail = async (): Promise<Reply> => ({ text: "", error: new LexiscopeError("invalid_input", "too long", { hint: "shorten it" }) });
  const failed = await typed(["hello"], { reply: fail });
  expect(failed.state.messages).toEqual([]);
  expect(failed.printed).toEqual(["too long\n  shorten it"]);
  const stopped = await typed(["hello"], { reply: async () => ({ text: "half an", error: new LexiscopeError("aborted", "stopped") }) });
  expect(stopped.state.messages.at(-1)).toEqual({ role: "assistant", content: "half an" });
});
