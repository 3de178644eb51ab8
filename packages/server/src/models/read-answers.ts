import type { Atlas } from "@lexiscope/atlas";
import type { Model } from "@lexiscope/model";
import { answerFeatures, featureChanges, type FeatureChange as Change, type Prompt } from "@lexiscope/steering";
import type { GenerateJob, RunEvent } from "./types.ts";

interface Written {
  model: Model;
  atlas: Atlas;
  job: GenerateJob;
  /** Of each variant. */
  prompts: readonly Prompt[];
  /** Token ids of each variant's answer. */
  answers: readonly (readonly number[])[];
  signal: AbortSignal;
}

/** Reads the answers again without edits, where it was asked for: features at each token, and what rose and fell. */
export async function readAnswers(
  { model, atlas, job, prompts, answers, signal }: Written,
  send: (event: RunEvent) => void,
): Promise<void> {
  const { changes = 0, features = 0 } = job;
  if (changes === 0 && features === 0) return;
  const [plain = [], ...others] = answers;
  for (const [i, edited] of changes > 0 ? others.entries() : []) {
    const found = await featureChanges({
      model,
      atlas,
      prompt: prompts[0]?.ids ?? [],
      editedPrompt: prompts[i + 1]?.ids,
      plain,
      edited,
      top: changes,
      signal,
    });
    const named = (list: readonly Change[]) => list.map((change) => ({ ...change, word: atlas.summary(change.index).word }));
    send({ type: "changes", variant: i + 1, risen: named(found.risen), fallen: named(found.fallen) });
  }
  for (const [variant, answer] of features > 0 ? answers.entries() : []) {
    if (answer.length === 0) continue;
    const tokens = await answerFeatures({ model, atlas, prompt: prompts[variant]?.ids ?? [], answer, top: features, signal });
    send({
      type: "features",
      variant,
      tokens: tokens.map((token) => ({
        id: token.id,
        text: token.text,
        features: token.features.map(({ index, activation, share }) => ({
          index,
          activation,
          share: share ?? null,
          word: atlas.summary(index).word,
        })),
      })),
    });
  }
}
