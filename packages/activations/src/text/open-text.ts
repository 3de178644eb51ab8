import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { LexiscopeError, type Work, type WorkOptions } from "@lexiscope/core";
import type { TextSplit } from "@lexiscope/formats";
import type { ChatTemplate } from "@lexiscope/model";
import type { TextSource } from "../types.ts";
import { builtInCorpus } from "./built-in.ts";
import { fileSource, filesBelow, isJsonlFile, isTextFile } from "./file-source.ts";
import { jsonlSource } from "./jsonl-source.ts";

/** Name of the corpus that Lexiscope brings along. */
export const builtInText = "built-in";

export interface OpenTextOptions extends WorkOptions {
  /** `built-in`, or paths of files and folders; `weight` is the share of the tokens relative to the others. */
  text: readonly { ref: string; weight?: number | undefined }[];
  /** How plain-text files become documents. */
  split?: TextSplit | undefined;
  /** Column of JSONL files. */
  column?: string | undefined;
  chatTemplate?: ChatTemplate | undefined;
  offline?: boolean | undefined;
}

/** Opens text by name; says in its progress which columns were chosen. */
export async function* openText(options: OpenTextOptions): Work<TextSource[]> {
  const sources: TextSource[] = [];
  for (const { ref, weight = 1 } of options.text) {
    if (ref === builtInText) {
      const corpus = yield* builtInCorpus({ signal: options.signal, offline: options.offline ?? false });
      sources.push(...corpus.map((source) => ({ ...source, weight: source.weight * weight })));
      continue;
    }
    const info = await stat(ref).catch((cause: unknown) => {
      throw new LexiscopeError("not_found", `${ref} does not exist`, {
        file: ref,
        field: "text",
        cause,
        hint: `name a file or a folder, or "${builtInText}"`,
      });
    });
    const jsonl = info.isDirectory() ? await filesBelow(ref, isJsonlFile) : isJsonlFile(ref) ? [ref] : [];
    const plain = info.isDirectory() ? await filesBelow(ref, isTextFile) : isTextFile(ref) ? [ref] : [];
    if (jsonl.length + plain.length === 0) {
      throw info.isDirectory()
        ? new LexiscopeError("invalid_input", `${ref} holds no .txt, .md, .gz or .jsonl file`, { file: ref, field: "text" })
        : new LexiscopeError("unsupported", `${ref}: files of this kind are not read`, {
            file: ref,
            field: "text",
            hint: "text comes from .txt, .md and .jsonl files, packed as .gz or .zst or not",
          });
    }
    const share = weight / (jsonl.length + (plain.length > 0 ? 1 : 0));
    for (const path of jsonl) {
      const { source, choice } = await jsonlSource(path, { column: options.column, chatTemplate: options.chatTemplate, weight: share });
      yield {
        phase: "read",
        done: 0,
        total: 0,
        unit: "tokens",
        rate: 0,
        message: `${path}: ${choice.kind} from column ${choice.columns.join(" + ")}`,
      };
      sources.push(source);
    }
    const split = options.split ?? "file";
    if (plain.length === 1 && split !== "file")
      yield {
        phase: "read",
        done: 0,
        total: 0,
        unit: "tokens",
        rate: 0,
        message: `${plain[0]}: one file in parts, so text that is held out comes from the same file as the rest`,
      };
    if (plain.length > 0) sources.push(fileSource(basename(ref), plain, { split, weight: share }));
  }
  return sources;
}
