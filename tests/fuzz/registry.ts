import type { FuzzTarget } from "./target.ts";
import { addon } from "./targets/addon.ts";
import { atlas } from "./targets/atlas.ts";
import { checkpoint } from "./targets/checkpoint.ts";
import { editText } from "./targets/edit-text.ts";
import { gguf } from "./targets/gguf.ts";
import { jsonl } from "./targets/jsonl.ts";
import { modelFolder, modelGguf } from "./targets/model-file.ts";
import { overlay } from "./targets/overlay.ts";
import { saelens } from "./targets/saelens.ts";
import { saelensForeign } from "./targets/saelens-foreign.ts";
import { safetensors } from "./targets/safetensors.ts";
import { shard } from "./targets/shard.ts";
import { template } from "./targets/template.ts";
import { tokenizer } from "./targets/tokenizer.ts";
import { zip } from "./targets/zip.ts";

/** Every parser of strangers' bytes. A new one is a file in `targets/` and a line here. */
export const registry: Readonly<Record<string, () => Promise<FuzzTarget>>> = {
  gguf,
  safetensors,
  tokenizer,
  template,
  jsonl,
  zip,
  "edit-text": editText,
  "model-gguf": modelGguf,
  "model-folder": modelFolder,
  shard,
  checkpoint,
  atlas,
  saelens,
  "saelens-foreign": saelensForeign,
  overlay,
  addon,
};
