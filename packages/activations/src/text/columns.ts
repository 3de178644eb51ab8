import { brief, LexiscopeError } from "@lexiscope/core";
import type { ChatMessage } from "@lexiscope/model";

/** Which columns of a table make a document, and how. */
export interface ColumnChoice {
  kind: "text" | "chat";
  columns: string[];
}

type Row = Record<string, unknown>;

const textNames = ["text", "content", "raw_content", "raw_text", "document", "body", "article", "story", "sentence", "code"];
/** Columns that are joined by blank lines; `?` marks one that may be missing. */
const joinedNames = [
  ["prompt", "completion"],
  ["prompt", "response"],
  ["instruction", "input?", "output"],
  ["question", "answer"],
];
const chatNames = ["messages", "conversations", "conversation", "chat"];
const tokenNames = ["tokens", "input_ids", "token_ids"];

const roles: Record<string, ChatMessage["role"]> = {
  system: "system",
  user: "user",
  human: "user",
  assistant: "assistant",
  gpt: "assistant",
  bot: "assistant",
};

/** The columns that hold the text: the first that is present of the usual names, else the only column of strings. */
export function guessColumns(row: Row, file: string): ColumnChoice {
  const isText = (name: string): boolean => typeof row[name] === "string";
  const text = textNames.find(isText);
  if (text !== undefined) return { kind: "text", columns: [text] };
  for (const names of joinedNames) {
    if (names.every((name) => name.endsWith("?") || isText(name)))
      return { kind: "text", columns: names.map((name) => name.replace("?", "")).filter(isText) };
  }
  const chat = chatNames.find((name) => Array.isArray(row[name]));
  if (chat !== undefined) return { kind: "chat", columns: [chat] };
  const strings = Object.keys(row).filter((name) => isText(name) && !/^(id|doc_id|url)$/.test(name));
  if (strings.length === 1) return { kind: "text", columns: strings };
  const tokens = tokenNames.find((name) => Array.isArray(row[name]));
  const why =
    tokens !== undefined
      ? `it holds token ids (${tokens}), which are not read`
      : strings.length === 0
        ? "it has no column of strings"
        : `it has several columns of strings: ${strings.join(", ")}`;
  throw new LexiscopeError("invalid_input", `${file}: no column could be chosen: ${why}`, {
    file,
    field: "column",
    hint: "name the column with --column",
  });
}

/** What a named column is, from a row. */
export function namedColumn(row: Row, name: string, file: string): ColumnChoice {
  if (!(name in row))
    throw new LexiscopeError("invalid_input", `${file} has no column ${JSON.stringify(name)}`, {
      file,
      field: "column",
      hint: `its columns are ${Object.keys(row).join(", ")}`,
    });
  return { kind: Array.isArray(row[name]) ? "chat" : "text", columns: [name] };
}

/** Text of a row; empty for missing values. `where` names file and line. */
export function rowText(row: Row, choice: ColumnChoice, where: string): string {
  const parts = choice.columns.map((name) => {
    const value = row[name] ?? "";
    if (typeof value !== "string")
      throw new LexiscopeError("bad_file", `${where}: column ${name} is no string`, {
        file: where,
        field: name,
        hint: "name another column with --column",
      });
    return value;
  });
  return parts.filter((part) => part.trim() !== "").join("\n\n");
}

/** Messages of a row: items {role or from, content or value or text}. */
export function rowMessages(row: Row, choice: ColumnChoice, where: string): ChatMessage[] {
  const name = choice.columns[0] ?? "";
  const items: unknown = row[name] ?? [];
  if (!Array.isArray(items))
    throw new LexiscopeError("bad_file", `${where}: column ${name} is no list of messages`, { file: where, field: name });
  return items.map((item: unknown) => {
    const { role, from, content, value, text } = (typeof item === "object" && item !== null ? item : {}) as Row;
    const who = role ?? from;
    const what = content ?? value ?? text;
    const known = typeof who === "string" && Object.hasOwn(roles, who) ? roles[who] : undefined;
    if (!known || typeof what !== "string") {
      throw new LexiscopeError(
        "bad_file",
        `${where}: a message of column ${name} needs a role (system, user, assistant) and content; found ${brief(item)}`,
        { file: where, field: name },
      );
    }
    return { role: known, content: what };
  });
}
