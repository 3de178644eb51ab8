import { openAtlas, type Atlas } from "@lexiscope/atlas";
import type { ProgressEvent, Work } from "@lexiscope/core";
import { builtInModel, createTokenizer, openModel, planFolder, planGguf, resolveModel, type Model, type Tokenizer } from "@lexiscope/model";
import type { NativeDtype } from "@lexiscope/native";
import type { CommandContext } from "../context.ts";
import { chooseAtlas } from "./choose-atlas.ts";

/** The model that is opened when none is named. */
export const defaultModel: string = builtInModel.name;

/** What to open: the model named, else the one that the atlas was made for, else the built-in. */
export function modelRef(named: string | undefined, atlas: Atlas | undefined): string {
  return named ?? atlas?.manifest.dictionary.model.name ?? defaultModel;
}

/** Opens a model and shows how far it is: a first download may take a while. */
export async function openModelFor(context: CommandContext, ref: string, dtype: NativeDtype): Promise<Model> {
  const { offline, signal } = context;
  return context.out.progress(asWork((onProgress) => openModel(ref, { dtype, offline, signal, onProgress })));
}

/** The tokenizer of a model without its weights: enough to show text. */
export async function openTokenizerFor(context: CommandContext, ref: string): Promise<Tokenizer> {
  const { offline, signal } = context;
  return context.out.progress(
    asWork(async (onProgress) => {
      const place = await resolveModel(ref, { offline, signal, onProgress });
      const plan = place.kind === "gguf" ? await planGguf(place.path, { name: place.name }) : await planFolder(place.path, place.name);
      return createTokenizer(plan.tokenizer);
    }),
  );
}

/** Opens the atlas named, or the only one, for the time of `use`. */
export async function withAtlas<T>(ref: string | undefined, use: (atlas: Atlas, name: string) => Promise<T>): Promise<T> {
  const { name, path } = await chooseAtlas(ref);
  const atlas = await openAtlas(path);
  try {
    return await use(atlas, name);
  } finally {
    atlas.close();
  }
}

/** As {@link withAtlas}, where an atlas is needed only if there are edits or one is named. */
export async function withAtlasIf<T>(
  needed: boolean,
  ref: string | undefined,
  use: (atlas: Atlas | undefined, name: string | undefined) => Promise<T>,
): Promise<T> {
  return needed || ref !== undefined ? withAtlas(ref, use) : use(undefined, undefined);
}

/** Work whose progress comes by a callback, as a stream of events. */
export async function* asWork<T>(run: (onProgress: (event: ProgressEvent) => void) => Promise<T>): Work<T> {
  const queue: ProgressEvent[] = [];
  let wake = Promise.withResolvers<void>();
  let running = true;
  const result = run((event) => {
    queue.push(event);
    wake.resolve();
  }).finally(() => {
    running = false;
    wake.resolve();
  });
  result.catch(() => {}); // it is awaited below, after the last events
  while (running || queue.length > 0) {
    for (let event = queue.shift(); event; event = queue.shift()) yield event;
    if (running) await wake.promise;
    wake = Promise.withResolvers<void>();
  }
  return result;
}
