import { brief, LexiscopeError, readJson } from "@lexiscope/core";

/** Shards of one model; 400-billion-parameter ones have 191. Stops an index that opens a million files. */
const maxShards = 4096;

/**
 * Reads `model.safetensors.index.json`: which file holds which tensor. File names with a path separator are refused: an
 * index must not reach outside its folder.
 */
export async function readSafetensorsIndex(path: string): Promise<{ files: string[]; weightMap: Map<string, string> }> {
  const json = await readJson(path);
  const map = typeof json === "object" && json !== null ? (json as Record<string, unknown>)["weight_map"] : undefined;
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw bad(path, "has no weight_map");
  const weightMap = new Map<string, string>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[^/\\:\0]+\.safetensors$/.test(file))
      throw bad(path, `puts ${tensor} into ${brief(file)}, which is no plain name of a .safetensors file`);
    weightMap.set(tensor, file);
  }
  const files = [...new Set(weightMap.values())].toSorted();
  if (files.length === 0 || files.length > maxShards) throw bad(path, `names ${files.length} files; 1 to ${maxShards} are allowed`);
  return { files, weightMap };
}

function bad(file: string, what: string): LexiscopeError {
  return new LexiscopeError("bad_file", `${file} ${what}`, { file, field: "weight_map", hint: "download the model again" });
}
