import { overlayPath } from "@lexiscope/atlas";
import type { RemoveResult, ShelfItem } from "@lexiscope/contract";
import { LexiscopeError, formatBytes } from "@lexiscope/core";
import { describeItem, kindOfFolder, listShelves, removeItem } from "@lexiscope/shelves";
import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { type AnyCommand, createCommand } from "../command.ts";
import { type CommandContext, runCommand } from "../context.ts";

export function removeCommand(): AnyCommand {
  return createCommand("remove", "Delete models, text, stores, dictionaries or atlases.", [
    ["a dictionary, after a question", "lexiscope remove my-dictionary"],
    ["an activation store, without one", "lexiscope remove stores/first --yes"],
  ])
    .argument(
      "<names...>",
      "names as `lexiscope list` shows them (KIND/NAME when several kinds share one), or folders with a manifest of Lexiscope's",
    )
    .option("-y, --yes", "do not ask")
    .action((names, options) =>
      runCommand(options, async (context) => {
        const items = await findItems(names);
        if (options.yes !== true) await confirm(context, items);
        for (const item of items) {
          await removeItem(item);
          context.out.print(`Removed ${item.kind} ${item.name} (${formatBytes(item.bytes)}).`);
          const labels = item.kind === "atlas" ? overlayPath(item.path) : "";
          if (existsSync(labels)) context.out.print(`Your names and lists for it stay in ${labels}, for the next atlas of its dictionary.`);
        }
        context.out.result({ removed: items, bytes: items.reduce((sum, item) => sum + item.bytes, 0) } satisfies RemoveResult);
      }),
    );
}

/** Finds all of them before the first is deleted. */
async function findItems(names: readonly string[]): Promise<ShelfItem[]> {
  const kept = await listShelves();
  const found = new Map<string, ShelfItem>();
  for (const name of names) {
    const item = await findItem(name, kept);
    found.set(item.path, item);
  }
  return [...found.values()];
}

const shelfNames: Record<string, ShelfItem["kind"]> = {
  models: "model",
  text: "text",
  stores: "store",
  dictionaries: "dictionary",
  atlases: "atlas",
};

async function findItem(name: string, kept: readonly ShelfItem[]): Promise<ShelfItem> {
  const [, shelf, rest] = /^([a-z]+)\/([^/\\]+)$/.exec(name) ?? [];
  const kind = shelf === undefined ? undefined : (shelfNames[shelf] ?? Object.values(shelfNames).find((k) => k === shelf));
  const matches = kept.filter((item) => (kind ? item.kind === kind && item.name === rest : item.name === name));
  if (matches.length === 1 && matches[0]) return matches[0];
  if (matches.length > 1) {
    throw new LexiscopeError("invalid_input", `${name} names ${matches.length} things: ${matches.map((item) => item.kind).join(", ")}`, {
      hint: `say which: ${matches.map((item) => `${item.kind}/${item.name}`).join(" or ")}`,
    });
  }
  if (/[/\\]/.test(name)) {
    const path = await realpath(resolve(name)).catch(() => undefined);
    const folderKind = path === undefined ? undefined : await kindOfFolder(path);
    if (path !== undefined && folderKind) return describeItem(folderKind, path);
    if (path !== undefined)
      throw new LexiscopeError("invalid_input", `${name} is not a store, dictionary or atlas of Lexiscope's, so it is left alone`, {
        file: path,
        hint: "delete it with your system's own tools if it should go",
      });
  }
  throw new LexiscopeError("not_found", `there is nothing called ${JSON.stringify(name)}`, {
    hint: "`lexiscope list` shows what there is",
  });
}

async function confirm({ interactive, out }: CommandContext, items: readonly ShelfItem[]): Promise<void> {
  for (const item of items) out.print(`${item.kind} ${item.name}: ${formatBytes(item.bytes)}, ${item.summary} (${item.path})`);
  if (!interactive)
    throw new LexiscopeError("invalid_input", "nothing was removed: nobody is there to be asked", {
      field: "--yes",
      hint: "add --yes to remove without a question",
    });
  const question = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await question.question("Delete? [y/N] ");
    if (!/^y(es)?$/i.test(answer.trim())) throw new LexiscopeError("aborted", "nothing was removed", { hint: "nothing was removed" });
  } finally {
    question.close();
  }
}
