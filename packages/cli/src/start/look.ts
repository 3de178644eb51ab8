import { type Atlas, chooseReadable, inspectText } from "@lexiscope/atlas";
import type { StartResult } from "@lexiscope/contract";
import type { Model } from "@lexiscope/model";
import { formatEdit, generate, type Edit } from "@lexiscope/steering";
import { inspectResult } from "../commands/inspect.ts";
import { tour } from "./plan.ts";

type Steered = NonNullable<StartResult["steered"]>;

/** A dozen features by rule, one sentence under the dictionary, one answer plain and steered. */
export async function lookAround(model: Model, atlas: Atlas, name: string, signal: AbortSignal): Promise<Pick<StartResult, "features" | "inspected" | "steered">> {
  const features = chooseReadable(atlas, 12).map(({ index, word, density, maximum, consistency }) => ({ index, word, density, maximum, consistency }));
  const inspected = inspectResult(model, atlas, name, await inspectText({ model, atlas, text: tour.sentence, top: 3, signal }));
  return { features, inspected, steered: await steer(model, atlas, features, signal) };
}

/**
 * The rule: features in the order of the list, each at all strengths at once; the first whose answer names the
 * feature's word, where the plain one does not, at the gentlest strength that does. If none does, the first feature at
 * the strongest.
 */
async function steer(model: Model, atlas: Atlas, features: StartResult["features"], signal: AbortSignal): Promise<Steered | null> {
  let first: Steered | null = null;
  for (const { index, word } of features.slice(0, 4)) {
    const edits = tour.strengths.map((value): Edit => ({ op: "clamp", feature: index, value, unit: "max", positions: "all" }));
    const [plain = "", ...answers] = await answersOf([[], ...edits.map((edit) => [edit])]);
    const names = (text: string): boolean => text.toLowerCase().includes(word.toLowerCase());
    const chosen = answers.findIndex((text) => names(text) && !names(plain));
    const at = chosen < 0 ? answers.length - 1 : chosen;
    const edit = edits[at];
    const edited = answers[at];
    if (edit === undefined || edited === undefined) return first;
    const steered = { feature: index, word, edit: formatEdit(edit), prompt: tour.question, plain, edited };
    if (chosen >= 0) return steered;
    first ??= steered;
  }
  return first;

  async function answersOf(variants: Edit[][]): Promise<string[]> {
    const texts = variants.map(() => "");
    const prompt = model.chatTemplate ? { messages: [{ role: "user" as const, content: tour.question }] } : tour.question;
    for await (const event of generate({ model, atlas }, { prompt, variants, temperature: 0, maxTokens: tour.maxTokens, signal })) {
      if (event.type === "token") texts[event.variant] += event.text;
    }
    return texts;
  }
}
