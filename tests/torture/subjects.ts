import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tinyTexts, writeTinyModel } from "@lexiscope/activations/testing";
import { startHub } from "@lexiscope/model/testing";
import { type Contents, contentsOf } from "./contents.ts";
import { runCommand } from "./process.ts";

export const subjectNames = ["harvest", "train", "index", "replace", "download"] as const;
export type SubjectName = (typeof subjectNames)[number];

/** A long command that is tortured. */
export interface Subject {
  name: SubjectName;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Everything that it writes lies below this folder. */
  root: string;
  /** Files that others wrote and it reads; it must leave them as they are. */
  inputs: string;
  /** Empties the root, then puts there what stands there before the command runs. */
  reset(): Promise<void>;
  /** Said by a run that goes on with what a killed one had done. */
  resumes: RegExp;
}

/** A subject with what its unbroken run left. */
export interface Reference {
  subject: Subject;
  /** What `reset` leaves. */
  before: Contents;
  whole: Contents;
  inputs: Contents;
  /** Of all its files. */
  bytes: number;
  /** How long it took. */
  ms: number;
}

export interface World {
  folder: string;
  subject(name: SubjectName): Subject;
  close(): Promise<void>;
}

const commit = "0123456789abcdef0123456789abcdef01234567";

/** A home with a tiny model, a store and a dictionary of it, and a hub on loopback that holds the model too. */
export async function makeWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "lexiscope-torture-"));
  const model = await writeTinyModel(join(folder, "models", "tiny"));
  const text = join(folder, "reports");
  await mkdir(text);
  for (const [i, report] of tinyTexts(120).entries()) await writeFile(join(text, `report-${i}.txt`), report);
  const files: Record<string, Uint8Array> = {};
  for (const name of await readdir(model)) files[name] = await readFile(join(model, name));
  const hub = await startHub([{ name: "org/tiny", commit, files }]);
  hub.mood = () => ({ slowMs: 4 });
  const env = {
    LEXISCOPE_HOME: folder,
    NODE_COMPILE_CACHE: join(folder, "compiled"), // most of a process's life would be its start
    HF_ENDPOINT: hub.endpoint,
    HF_HUB_CACHE: join(folder, "hub"),
    HF_HOME: folder,
    HF_TOKEN: undefined,
    HF_HUB_OFFLINE: undefined,
    LEXISCOPE_OFFLINE: undefined,
  };
  const inputs = join(folder, "made");
  const [store, dictionary] = [join(inputs, "store"), join(inputs, "dictionary")];
  // Contexts of four tokens, 1,024 to a shard: eight shards.
  const harvest = (out: string): string[] => [
    "harvest",
    "--model",
    "tiny",
    "--text",
    text,
    "--tokens",
    "30k",
    "--context",
    "4",
    "--dtype",
    "f32",
    "--out",
    out,
  ];
  const train = (out: string): string[] => [
    "train",
    "--store",
    store,
    "--model",
    "tiny",
    "--dictionary",
    out,
    ...words("--features 128 --k 8 --batch 256 --steps 100 --checkpoint-every 10"),
  ];
  const index = ["index", "--dictionary", dictionary, "--store", store, "--model", "tiny", "--atlas", "subject"];
  const empty = (root: string) => async (): Promise<void> => {
    await mkdir(root, { recursive: true });
    for (const name of await readdir(root)) await rm(join(root, name), { recursive: true, force: true });
  };
  const atlases = join(folder, "atlases");
  const subjects: Record<SubjectName, Subject> = {
    harvest: subject("harvest", harvest("subject"), join(folder, "stores"), /of which [1-9][\d.]* [kM]?B are there/),
    train: subject("train", train("subject"), join(folder, "dictionaries"), /going on from step \d+/),
    index: subject("index", index, atlases, /begins anew/),
    replace: {
      ...subject("replace", [...index, "--replace"], atlases, /begins anew/),
      reset: async () => {
        await empty(atlases)();
        await must([...index, "--examples", "5"], env);
      },
    },
    download: subject("download", ["model", "org/tiny"], join(folder, "hub"), /of them here already/),
  };
  function subject(name: SubjectName, args: readonly string[], root: string, resumes: RegExp): Subject {
    return { name, args, env, root, inputs, reset: empty(root), resumes };
  }
  await must(harvest(store), env);
  await must(train(dictionary), env);
  return {
    folder,
    subject: (name) => subjects[name],
    close: async () => {
      await hub.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Runs a subject unbroken. */
export async function reference(subject: Subject): Promise<Reference> {
  await subject.reset();
  const before = await contentsOf(subject.root);
  const inputs = await contentsOf(subject.inputs);
  const { ms } = await must(subject.args, subject.env);
  let bytes = 0;
  for (const name of await readdir(subject.root, { recursive: true })) bytes += (await lstat(join(subject.root, name))).size;
  return { subject, before, whole: await contentsOf(subject.root), inputs, bytes, ms };
}

async function must(args: readonly string[], env: NodeJS.ProcessEnv): ReturnType<typeof runCommand> {
  const run = await runCommand({ args, env });
  if (run.code !== 0) throw new Error(`lexiscope ${args.join(" ")} left with ${run.code}: ${run.stderr}`);
  return run;
}

function words(text: string): string[] {
  return text.split(" ");
}
