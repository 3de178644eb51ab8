import { parseEditText } from "@lexiscope/contract/edit-text";
import { mutatedText } from "../mutate-text.ts";
import type { FuzzTarget } from "../target.ts";

/** Edits as people write them. */
export async function editText(): Promise<FuzzTarget> {
  const seeds = ["clamp:1234=8x", "add:7=-0.5n@10-20", "scale:3=3@user,assistant", "ablate:4294967295@10-", "clamp:1=1e38"];
  const words =
    "clamp add scale ablate : = @ - , 0 1 4294967296 1e999 -1 .5 x n all prompt generated user system 16777216 NaN Infinity 0x10 \u0661".split(
      " ",
    );
  return {
    seeds: seeds.map((seed) => new TextEncoder().encode(seed)),
    arbitrary: mutatedText(seeds, words),
    read: (input) => parseEditText(new TextDecoder().decode(input)),
  };
}
