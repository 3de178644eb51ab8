import { type Atlas, chooseReadable, inspectText, inspectResult } from "@lexiscope/atlas";
import type { StartResult } from "@lexiscope/contract";
import type { Model } from "@lexiscope/model";
import { withTask } from "@lexiscope/native";
import { formatEdit, generate, type Edit } from "@lexiscope/steering";
import { tour } from "./plan.ts";

type Steered = NonNullable<StartResult["steered"]>;

/** A dozen features by rule, one sentence under the dictionary, one answer plain and steered. */
export async function lookAround(
  model: Model,
  atlas: Atlas,
  name: string,
  signal: AbortSignal,
): Promise<Pick<StartResult, "features" | "inspected" | "steered">> {
  const features = chooseReadable(atlas, 12).map(({ index, word, density, maximum, consistency }) => ({
    index,
    word,
    density,
    maximum,
    consistency,
  }));
  const inspected = inspectResult(model, atlas, name, await inspectText({ model, atlas, text: tour.sentence, top: 3, signal }));
  return { features, inspected, steered: await steer(model, atlas, features, signal) };
}

/**
 * Each feature at all strengths at once, gentlest first: the first answer that says the feature's word where the plain
 * one does not. Where none does, the best by a score: how far an answer lies along the feature's direction when it is
 * read again without the edit, beyond the plain answer; answers that go round in circles do not count.
 */
async function steer(model: Model, atlas: Atlas, features: StartResult["features"], signal: AbortSignal): Promise<Steered | null> {
  let best: { score: number; steered: Steered } | undefined;
  for (const { index, word } of features.slice(0, tour.featuresTried)) {
    const edits = tour.strengths.map((value): Edit => ({ op: "clamp", feature: index, value, unit: "max", positions: "all" }));
    const [plain = "", ...answers] = await answersTo(model, atlas, [[], ...edits.map((edit) => [edit])], signal);
    const before = await presence(model, atlas, index, plain, signal);
    for (const [i, edited] of answers.entries()) {
      const edit = edits[i];
      if (edit === undefined || !isFluent(edited)) continue;
      const after = await presence(model, atlas, index, edited, signal);
      const steered = {
        feature: index,
        word,
        edit: formatEdit(edit),
        prompt: tour.question,
        plain,
        edited,
        presentPlain: before,
        presentEdited: after,
      };
      if (says(edited, word) && !says(plain, word)) return steered;
      const score = after - before;
      if (best && score <= best.score) continue;
      best = { score, steered };
    }
  }
  return best?.steered ?? null;
}

async function answersTo(model: Model, atlas: Atlas, variants: Edit[][], signal: AbortSignal): Promise<string[]> {
  const texts = variants.map(() => "");
  const prompt = model.chatTemplate ? { messages: [{ role: "user" as const, content: tour.question }] } : tour.question;
  for await (const event of generate({ model, atlas }, { prompt, variants, temperature: 0, maxTokens: tour.maxTokens, signal })) {
    if (event.type === "token") texts[event.variant] += event.text;
  }
  return texts;
}

/** Mean over a text's tokens (position 0 left out) of x·d̂ at the dictionary's site, in multiples of the feature's maximum. */
async function presence(model: Model, atlas: Atlas, feature: number, text: string, signal: AbortSignal): Promise<number> {
  const tokens = Int32Array.from(model.tokenizer.encode(text));
  if (tokens.length < 2) return 0;
  const input = {
    tokens,
    lengths: Int32Array.of(tokens.length),
    taps: [{ site: atlas.manifest.dictionary.site, values: "f32" as const }],
    edits: [],
    logits: "none" as const,
    top: 0,
  };
  const { taps } = await withTask(signal, (task) => model.native.forward(input, task));
  const rows = taps[0]?.values ?? new Float32Array();
  const direction = (await atlas.dictionary(signal)).direction(feature);
  const d = direction.length;
  let sum = 0;
  for (let i = d; i < rows.length; i++) sum += ((rows[i] ?? 0) - (atlas.mean[i % d] ?? 0)) * (direction[i % d] ?? 0);
  return sum / (tokens.length - 1) / atlas.summary(feature).maximum;
}

/** Whether the word stands in the text as a word of its own: "war" is not in "toward". */
export function says(text: string, word: string): boolean {
  return wordsOf(text).includes(word.toLowerCase());
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

/** At least ten words, and more than half of them different. */
export function isFluent(text: string): boolean {
  const words = wordsOf(text);
  return words.length >= 10 && new Set(words).size > words.length / 2;
}
