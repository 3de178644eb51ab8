import { formatBytes, LexiscopeError } from "@lexiscope/core";
import { matchesQuant } from "./cache.ts";
import type { HubFile } from "./listing.ts";
import type { HubRef } from "./ref.ts";

/** Everything but the weights that opening looks at. */
const smallNames = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "chat_template.json",
  "model.safetensors.index.json",
];
/** Of such a file; the largest tokenizer.json known has 34 MB. Stops a "config" that fills the disk. */
const maxSmallBytes = 256 * 2 ** 20;
const splitGguf = /-\d{5}-of-\d{5}\.gguf$/i;

/** What a model needs of its repository. */
export type ChosenFiles = { kind: "gguf"; file: HubFile } | { kind: "folder"; small: HubFile[]; sharded: boolean };

/** Chooses by the listing alone, and refuses at once what could not be opened after the download. */
export function chooseFiles(ref: HubRef, listed: readonly HubFile[]): ChosenFiles {
  if (ref.file !== undefined) {
    const file = listed.find(({ path }) => path === ref.file);
    if (!file) throw notThere(ref, `has no ${ref.file}`, ggufsIn(listed));
    return checkedGguf(ref, file);
  }
  const has = (name: string): boolean => listed.some(({ path }) => path === name);
  const safetensors = has("model.safetensors.index.json") || has("model.safetensors");
  const ggufs = ggufsIn(listed);
  if (ref.quant !== undefined || (!safetensors && ggufs.length > 0)) {
    const matching = ggufs.filter(({ path }) => matchesQuant(path, ref));
    const [only] = matching;
    if (only && matching.length === 1) return checkedGguf(ref, only);
    if (only) throw notThere(ref, `has ${matching.length} such GGUF files`, matching);
    const split = ggufs.find(({ path }) => matchesQuant(path.replace(splitGguf, ".gguf"), ref));
    if (split) return checkedGguf(ref, split);
    throw notThere(ref, ref.quant === undefined ? "has no GGUF file" : `has no GGUF file that ends in ${ref.quant}`, ggufs);
  }
  if (!has("config.json")) throw notThere(ref, "has no config.json", ggufs);
  if (!safetensors) {
    const pickled = listed.some(({ path }) => /^pytorch_model.*\.bin/.test(path));
    throw new LexiscopeError(
      "unsupported",
      `${ref.repo} has ${pickled ? "its weights as pytorch_model.bin only" : "no safetensors"}: not yet supported`,
      {
        field: "model",
        hint: "name a repository with the model as safetensors or GGUF",
      },
    );
  }
  if (!has("tokenizer.json"))
    throw new LexiscopeError("unsupported", `${ref.repo} has no tokenizer.json`, {
      field: "model",
      hint: "name a repository that has one, or the model's GGUF file",
    });
  const small = smallNames.flatMap((name) => listed.filter(({ path }) => path === name));
  for (const { path, bytes } of small)
    if (bytes > maxSmallBytes)
      throw new LexiscopeError(
        "bad_file",
        `${ref.repo}'s ${path} is said to have ${formatBytes(bytes)}; a file of this kind has at most ${formatBytes(maxSmallBytes)}`,
        {
          field: path,
          hint: "this repository is damaged; use another",
        },
      );
  return { kind: "folder", small, sharded: has("model.safetensors.index.json") };
}

/** The weights of a folder: its only file, or those that its index names. */
export function chooseWeights(ref: HubRef, listed: readonly HubFile[], names: readonly string[]): HubFile[] {
  return names.map((name) => {
    const file = listed.find(({ path }) => path === name);
    if (!file)
      throw new LexiscopeError("bad_file", `${ref.repo}'s index names ${name}, which is not in the repository`, {
        field: name,
        hint: "this repository is damaged; use another revision of it",
      });
    return file;
  });
}

function ggufsIn(listed: readonly HubFile[]): HubFile[] {
  return listed.filter(({ path }) => matchesQuant(path, { quant: undefined }) && !/(^|\/)mmproj[^/]*$/i.test(path));
}

function checkedGguf({ repo }: HubRef, file: HubFile): ChosenFiles {
  if (splitGguf.test(file.path))
    throw new LexiscopeError("unsupported", `${repo}/${file.path} is one of several parts of a GGUF file: not yet supported`, {
      field: "model",
      hint: "name a GGUF file that is whole, or the model's safetensors",
    });
  return { kind: "gguf", file };
}

function notThere({ repo }: HubRef, what: string, ggufs: readonly HubFile[]): LexiscopeError {
  const some = ggufs.slice(0, 8).map(({ path, bytes }) => `${repo}/${path} (${formatBytes(bytes)})`);
  return new LexiscopeError(ggufs.length > 1 && what.includes("such") ? "invalid_input" : "not_found", `${repo} ${what}`, {
    field: "model",
    hint:
      some.length > 0
        ? `name one of its files: ${some.join(", ")}${ggufs.length > some.length ? ", …" : ""}`
        : "name a repository that holds a model as safetensors or GGUF",
  });
}
