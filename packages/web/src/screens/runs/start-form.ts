import type { StartJob } from "@lexiscope/contract";
import { commandLine, jobArgv } from "@lexiscope/contract/job-command";

export type Kind = StartJob["kind"];

export interface Field {
  name: string;
  label: string;
  /** What it does and when to change it. */
  help: string;
  type: "count" | "number" | "name" | "lines" | "choice" | "flag" | "store" | "dictionary";
  /** What happens when it is left empty. */
  fallback?: string;
  choices?: readonly string[];
  required?: boolean;
  /** Shown on demand. */
  more?: boolean;
  /** The recipe that it belongs to: with another it is not asked for. */
  recipe?: string;
}

const features: Field = {
  name: "features",
  label: "Features",
  help: "Width of the dictionary. More features are finer, need more tokens and more time.",
  type: "count",
  fallback: "4096",
};
const k: Field = { name: "k", label: "Active a token (k)", help: "How many features describe a token: L0.", type: "count", fallback: "32" };
/** What a run of `train` follows when it names no recipe. */
const topk = "topk";
const tokens = (fallback: string, help: string): Field => ({ name: "tokens", label: "Tokens", help, type: "count", fallback });

/** What each kind of run asks for, in the order of the command's options. */
export const forms: Record<Kind, { title: string; says: string; fields: readonly Field[] }> = {
  start: {
    title: "Everything",
    says: "Reads text with the built-in model, trains a dictionary on what it sees, and indexes it into an atlas. A few minutes as it stands.",
    fields: [
      { name: "name", label: "Name", help: "Of the store, the dictionary and the atlas that are made.", type: "name", fallback: "first" },
      tokens("300k", "How much text the model reads. More text gives rarer features."),
      features,
      k,
      { name: "steps", label: "Steps", help: "Training steps of 1,024 tokens.", type: "count", fallback: "1500", more: true },
    ],
  },
  harvest: {
    title: "Harvest",
    says: "Lets a model read text and keeps its activations at a site in a store, to train on and to index.",
    fields: [
      {
        name: "model",
        label: "Model",
        help: "The built-in name, one on the models shelf, or org/name in the Hugging Face cache.",
        type: "name",
        fallback: "the built-in model",
        more: true,
      },
      {
        name: "text",
        label: "Text",
        help: "A file or folder of .txt, .md or .jsonl on the server, one a line; REF=WEIGHT sets its share.",
        type: "lines",
        fallback: "the built-in text",
      },
      tokens("300k", "How much is read."),
      { name: "context", label: "Context", help: "Tokens that the model sees at once.", type: "count", fallback: "256", more: true },
      {
        name: "out",
        label: "Store",
        help: "Name of the store that is made.",
        type: "name",
        fallback: "named after model, site and tokens",
      },
      {
        name: "sites",
        label: "Sites",
        help: "Where to read, one a line: blocks.15.hook_resid_post, …",
        type: "lines",
        fallback: "the middle block's residual stream",
      },
    ],
  },
  train: {
    title: "Train",
    says: "Learns a dictionary from a store. What is left empty is chosen to suit the store's size.",
    fields: [
      { name: "store", label: "Store", help: "What it learns from.", type: "store", required: true },
      { name: "site", label: "Site", help: "Needed when the store has several.", type: "name", fallback: "the store's first", more: true },
      {
        name: "dictionary",
        label: "Dictionary",
        help: "Name of the dictionary that is made.",
        type: "name",
        fallback: "named after store, width and k",
      },
      {
        name: "recipe",
        label: "Recipe",
        help: "topk keeps the k strongest features. scaling-monosemanticity is ReLU with an L1 penalty, as published: for long runs, unless the preset is short.",
        type: "choice",
        choices: [topk, "scaling-monosemanticity"],
        fallback: topk,
      },
      {
        name: "preset",
        label: "Preset",
        help: "short suits a run of a minute or two.",
        type: "choice",
        choices: ["default", "short"],
        fallback: "by the size of the store",
      },
      { ...features, fallback: "16384; 4096 in a short run" },
      { ...k, recipe: topk },
      {
        name: "l1",
        label: "Penalty (λ)",
        help: "Price of activation: a higher one leaves fewer features active at a token.",
        type: "number",
        fallback: "5",
        recipe: "scaling-monosemanticity",
      },
      tokens("once through the store", "Rows are used several times when the store has fewer."),
      { name: "batch", label: "Batch", help: "Tokens of a step.", type: "count", fallback: "by the preset", more: true },
      {
        name: "seed",
        label: "Seed",
        help: "Of the weights and the order. The same seed gives the same dictionary, bit for bit.",
        type: "count",
        fallback: "0",
        more: true,
      },
      { name: "learningRate", label: "Learning rate", help: "Its peak.", type: "number", fallback: "by the preset", more: true },
      {
        name: "baselines",
        label: "Leave the baselines out",
        help: "Without them the numbers stand alone: a random dictionary and principal components show what is easy to reach.",
        type: "flag",
        more: true,
      },
    ],
  },
  index: {
    title: "Index",
    says: "Finds examples, statistics, output effects and neighbours of every feature: a dictionary becomes an atlas.",
    fields: [
      { name: "dictionary", label: "Dictionary", help: "What is indexed.", type: "dictionary", required: true },
      { name: "store", label: "Store", help: "Whose text gives the examples; of the same model and site.", type: "store", required: true },
      { name: "out", label: "Atlas", help: "Name of the atlas that is made.", type: "name", fallback: "the dictionary's name" },
      {
        name: "replace",
        label: "Put it in the place of an atlas of that name",
        help: "Names and lists of people's own are kept.",
        type: "flag",
      },
    ],
  },
};

export type FormValues = Readonly<Record<string, string>>;

/** The fields that the values so far leave to be asked. */
export function fieldsOf(kind: Kind, values: FormValues): readonly Field[] {
  const chosen = (values["recipe"] ?? "").trim() || topk;
  return forms[kind].fields.filter(({ recipe = chosen }) => recipe === chosen);
}

/** What the form says, as the server takes it, with what is wrong by field. */
export function readForm(kind: Kind, values: FormValues): { job: StartJob; problems: Record<string, string> } {
  const problems: Record<string, string> = {};
  const job: Record<string, unknown> = { kind };
  for (const field of fieldsOf(kind, values)) {
    // `start` always says what it makes, as the server has it run.
    const text = (values[field.name] ?? "").trim() || (kind === "start" && field.name === "name" ? "first" : "");
    if (text === "") {
      if (field.required) problems[field.name] = "choose one";
      continue;
    }
    const value = readField(field, text);
    if (value === undefined)
      problems[field.name] = field.type === "number" ? "a number, such as 0.0005" : "a whole number, such as 4096 or 300k";
    else job[field.name] = value;
  }
  return { job: job as StartJob, problems };
}

function readField({ type, name }: Field, text: string): unknown {
  if (type === "count") return readCount(text);
  if (type === "number") return Number.isFinite(Number(text)) ? Number(text) : undefined;
  if (type === "flag") return name !== "baselines";
  if (type === "lines")
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  return text;
}

/** `4096`, `4_096`, `300k`, `1.5M`, as the command line takes them. */
export function readCount(text: string): number | undefined {
  const match = /^(\d[\d_,]*(?:\.\d+)?)([kmg])?$/i.exec(text.trim());
  if (!match) return undefined;
  const size = { k: 1e3, m: 1e6, g: 1e9 }[(match[2] ?? "").toLowerCase()] ?? 1;
  const value = Number((match[1] ?? "").replaceAll(/[_,]/g, "")) * size;
  return Math.abs(Math.round(value) - value) < 1e-6 ? Math.round(value) : undefined;
}

/** The same as a person would type it, while the form is being filled in. */
export function formCommand(kind: Kind, values: FormValues): string {
  const { job } = readForm(kind, values);
  return commandLine(jobArgv(job as Parameters<typeof jobArgv>[0]));
}
