import { isLexiscopeError } from "@lexiscope/core";
import type { ChatMessage } from "@lexiscope/model";
import { type Edit, formatEdit, parseEdit } from "@lexiscope/steering";

/** How a chat meets a person. */
export interface ChatIo {
  /** The next line; undefined when the person has left. */
  read(): Promise<string | undefined>;
  print(text: string): void;
}

export interface ChatState {
  messages: ChatMessage[];
  edits: Edit[];
}

/** What a reply came to: its text so far, and why it failed, if it did. */
export interface Reply {
  text: string;
  error?: unknown;
}

export const chatHelp = `/edit clamp:1234=8x   adds an edit     /edit       shows them     /edit off   removes them
/reset                forgets the chat  /quit       leaves`;

/** Reads lines and answers them until the person leaves. Lines that begin with / are commands. */
export async function chatLoop(state: ChatState, io: ChatIo, reply: (state: ChatState) => Promise<Reply>): Promise<void> {
  const system = state.messages.filter(({ role }) => role === "system");
  for (let line = await io.read(); line !== undefined; line = await io.read()) {
    const text = line.trim();
    if (text === "") continue;
    if (text === "/quit" || text === "/exit") return;
    if (text === "/reset") {
      state.messages = [...system];
      io.print("The chat begins anew.");
    } else if (/^\/edit(\s|$)/.test(text)) {
      io.print(changeEdits(state, text.slice("/edit".length).trim()));
    } else if (text.startsWith("/")) {
      io.print(chatHelp);
    } else {
      await takeTurn(state, text, io, reply);
    }
  }
}

/** One message and its answer. A message whose answer failed is forgotten; an answer that was stopped is kept. */
async function takeTurn(state: ChatState, text: string, io: ChatIo, reply: (state: ChatState) => Promise<Reply>): Promise<void> {
  state.messages.push({ role: "user", content: text });
  const { text: answer, error } = await reply(state);
  const stopped = isLexiscopeError(error) && error.code === "aborted";
  if (error !== undefined && !stopped) {
    state.messages.pop();
    io.print(`${describe(error)}${state.edits.length > 0 ? "\n  /edit off removes the edits" : ""}`);
    return;
  }
  if (stopped) io.print("\n(stopped)");
  state.messages.push({ role: "assistant", content: answer });
}

function changeEdits(state: ChatState, text: string): string {
  try {
    if (text === "off") state.edits = [];
    else if (text !== "") state.edits = [...state.edits, ...text.split(/\s+/).map(parseEdit)];
  } catch (error) {
    return describe(error);
  }
  return state.edits.length === 0 ? "No edits." : `Edits: ${state.edits.map(formatEdit).join(" ")}`;
}

function describe(error: unknown): string {
  if (!isLexiscopeError(error)) throw error;
  return error.hint ? `${error.message}\n  ${error.hint}` : error.message;
}
