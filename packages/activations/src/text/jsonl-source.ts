import { basename } from "node:path";
import { LexiscopeError } from "@lexiscope/core";
import { readJsonl } from "@lexiscope/formats";
import type { ChatTemplate } from "@lexiscope/model";
import type { Document, TextSource } from "../types.ts";
import { guessColumns, namedColumn, rowMessages, rowText, type ColumnChoice } from "./columns.ts";

export interface JsonlSourceOptions {
  /** Column that holds the text or the chat; guessed when absent. */
  column?: string | undefined;
  /** Renders chats; without one a column of chats is an error. */
  chatTemplate?: ChatTemplate | undefined;
  weight?: number;
}

/** A JSONL file, a document a line. The first line decides the columns; `choice` says which. */
export async function jsonlSource(path: string, options: JsonlSourceOptions = {}): Promise<{ source: TextSource; choice: ColumnChoice }> {
  const first = await firstRow(path);
  const choice = options.column === undefined ? guessColumns(first, path) : namedColumn(first, options.column, path);
  const template = options.chatTemplate;
  if (choice.kind === "chat" && !template) {
    throw new LexiscopeError("invalid_input", `${path}: column ${choice.columns.join()} holds chats and the model has no chat template`, {
      file: path,
      field: "column",
      hint: "name a column of plain text with --column, or use a chat model",
    });
  }
  const name = basename(path);
  const source: TextSource = {
    name,
    weight: options.weight ?? 1,
    licence: undefined,
    async *documents(signal): AsyncIterable<Document> {
      for await (const { line, value } of readJsonl(path, { signal })) {
        const where = `${path}, line ${line}`;
        const row = asRow(value, where);
        if (choice.kind === "text") yield { text: rowText(row, choice, where), source: name };
        else
          yield {
            text: template?.render(rowMessages(row, choice, where), { addGenerationPrompt: false }) ?? "",
            source: name,
            rendered: true,
          };
      }
    },
  };
  return { source, choice };
}

async function firstRow(path: string): Promise<Record<string, unknown>> {
  for await (const { line, value } of readJsonl(path)) return asRow(value, `${path}, line ${line}`);
  throw new LexiscopeError("invalid_input", `${path} is empty`, {
    file: path,
    field: "text",
    hint: "give it a line for each document, or take it out",
  });
}

function asRow(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new LexiscopeError("bad_file", `${where}: each line must be a JSON object`, { file: where });
}
