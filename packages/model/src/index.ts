export { openModel, type OpenModelOptions } from "./open-model.ts";
export { builtInModel, builtInPath, fetchBuiltIn, type FetchOptions } from "./built-in.ts";
export { resolveModel, builtInIfPresent, type ModelPlace } from "./resolve-model.ts";
export { planGguf } from "./plan-gguf.ts";
export { planFolder } from "./plan-folder.ts";
export type { ModelPlan } from "./model-plan.ts";
export { createTokenizer, type TokenizerSource } from "./tokenizer.ts";
export { createChatTemplate, type ChatTemplateSource } from "./chat-template.ts";
export type { ChatMessage, ChatTemplate, Model, Tokenizer } from "./types.ts";
