import { RateMeter, throwIfAborted, type ProgressEvent } from "@lexiscope/core";
import { loadAddon, withTask, type NativeDtype } from "@lexiscope/native";
import { createChatTemplate } from "./chat-template.ts";
import { rememberedHashes } from "./identity.ts";
import type { ModelPlan } from "./model-plan.ts";
import { planFolder } from "./plan-folder.ts";
import { planGguf } from "./plan-gguf.ts";
import { resolveModel } from "./resolve-model.ts";
import { stopTokens } from "./stop-tokens.ts";
import { createTokenizer } from "./tokenizer.ts";
import type { Model } from "./types.ts";

export interface OpenModelOptions {
  /** `fast` (default): the CPU path's low-precision products; `f32`: exact ones. */
  dtype?: NativeDtype | undefined;
  /** Nothing is downloaded. */
  offline?: boolean | undefined;
  /** For a GGUF file whose pre-tokenizer has a name that is not known: the known one that it equals. */
  tokenizerPre?: string | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/**
 * Opens a model: `smollm2-135m-instruct` (built in, downloaded once), a `.gguf` file, a Hugging Face folder, or a name
 * on a hub (`org/name`, downloaded once into the Hugging Face cache). Architectures and tensor types that are not supported are refused by name.
 */
export async function openModel(ref: string, options: OpenModelOptions = {}): Promise<Model> {
  const { dtype = "fast", signal, onProgress } = options;
  throwIfAborted(signal);
  const place = await resolveModel(ref, options);
  const plan =
    place.kind === "gguf"
      ? await planGguf(place.path, { name: place.name, pre: options.tokenizerPre })
      : await planFolder(place.path, place.name);
  for (const message of plan.warnings) onProgress?.({ phase: "open", done: 0, total: 0, unit: "weights", rate: 0, message });
  const tokenizer = createTokenizer(plan.tokenizer);
  const native = await openWeights(plan, dtype, signal, onProgress);
  const { architecture } = plan;
  return {
    name: plan.name,
    architecture,
    dtype,
    cpuPath: loadAddon().cpu().path,
    tokenizer,
    chatTemplate: plan.template && createChatTemplate(plan.template),
    stopTokens: stopTokens({
      named: plan.stopIds,
      specialIds: tokenizer.specialIds,
      textOf: (id) => tokenizer.tokenText(id),
      vocabulary: architecture.vocabulary,
    }),
    native,
    identity: async (identitySignal) => {
      const hashes = await rememberedHashes(plan.files, () => withTask(identitySignal, (task) => native.weightsHash(task)), identitySignal);
      return { name: plan.name, ...hashes, d: architecture.d, layers: architecture.layers, vocabulary: architecture.vocabulary };
    },
  };
}

/** How often a long open says how far it is. */
const progressMs = 200;

async function openWeights(
  plan: ModelPlan,
  dtype: NativeDtype,
  signal: AbortSignal | undefined,
  onProgress: OpenModelOptions["onProgress"],
): Promise<Model["native"]> {
  return withTask(signal, async (task) => {
    const meter = new RateMeter();
    const report = (): void => {
      const { done, total } = task.progress();
      onProgress?.({ phase: "open", done, total, unit: "weights", rate: meter.update(done) });
    };
    const timer = onProgress && setInterval(report, progressMs);
    try {
      return await loadAddon().Model.open(
        { architecture: JSON.stringify(plan.architecture), files: plan.files, tensors: plan.tensors, dtype },
        task,
      );
    } finally {
      clearInterval(timer);
    }
  });
}
