import type { BenchRow } from "@lexiscope/contract";
import type { Model } from "@lexiscope/model";
import { type Edit, generate } from "@lexiscope/steering";
import { randomDictionary } from "./random-dictionary.ts";
import { median } from "./timing.ts";

const promptTokens = 100;
const answerTokens = 48;
const features = 4096;
const sentence = "The history of the lighthouse begins with fires built on hilltops to guide ships home at night. ";
/** One edit of each kind that costs differently: `add` needs no encoder, the others do. */
const edits: Record<string, Edit> = {
  add: { op: "add", feature: 1, value: 0.1, unit: "norm", positions: "all" },
  clamp: { op: "clamp", feature: 1, value: 0.1, unit: "norm", positions: "all" },
  ablate: { op: "ablate", feature: 1, value: 0, unit: "activation", positions: "all" },
};

interface Answered {
  firstMs: number;
  /** Tokens a second of each stream, after its first. */
  rate: number;
}

/**
 * A plain answer beside an edited one in a batch of two, drawn at temperature 1, by turns with a plain one alone. The
 * limit of a rate is that of the one stream; edits are of a random dictionary at the middle block, since an edit's cost does not depend on what it means.
 */
export async function besideRows(model: Model, budgetSeconds: number, signal: AbortSignal): Promise<BenchRow[]> {
  const endless: Model = { ...model, stopTokens: [] };
  const prompt = model.tokenizer.decode(model.tokenizer.encode(sentence.repeat(20)).slice(0, promptTokens));
  const atlas = await randomDictionary(model, prompt, features, signal);
  const answer = async (variants: Edit[][]): Promise<Answered> => {
    const from = performance.now();
    const times: number[] = [];
    const events = generate({ model: endless, atlas }, { prompt, variants, temperature: 1, maxTokens: answerTokens, signal });
    for await (const event of events) if (event.type === "token" && event.variant === 0) times.push(performance.now());
    const [first = from, last = from] = [times[0], times.at(-1)];
    return { firstMs: first - from, rate: (1000 * (times.length - 1)) / (last - first) };
  };
  await answer([[], []]);
  const beside = Object.entries(edits).map(([name, edit]) => ({ name, edit, alone: [] as Answered[], answers: [] as Answered[] }));
  const started = performance.now();
  while ((beside[0]?.answers.length ?? 0) < 3 || (performance.now() - started) / 1000 < budgetSeconds) {
    for (const { edit, alone, answers } of beside) {
      alone.push(await answer([[]]));
      answers.push(await answer([[], [edit]]));
    }
  }
  const rate = (answers: readonly Answered[]): number => median(answers.map((each) => each.rate));
  const first = (answers: readonly Answered[]): number => median(answers.map((each) => each.firstMs));
  return [
    { name: "chat, one stream", value: rate(beside.flatMap(({ alone }) => alone)), unit: "tokens/s", limit: null, shareOfLimit: null },
    ...beside.map(({ name, alone, answers }) => ({
      name: `chat beside plain (${name}), each stream; limit: one stream`,
      value: rate(answers),
      unit: "tokens/s",
      limit: rate(alone),
      shareOfLimit: rate(answers) / rate(alone),
    })),
    {
      name: `chat beside plain, first token after ${promptTokens}`,
      value: first(beside.flatMap(({ answers }) => answers)),
      unit: "ms",
      limit: null,
      shareOfLimit: null,
    },
  ];
}
