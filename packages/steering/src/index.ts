export type * from "./types.ts";
export { AnswerText } from "./answer-text.ts";
export { applyEdit } from "./apply-edit.ts";
export { compileEdits, type CompiledEdits, type EditedRow } from "./compile-edits.ts";
export { forwardText, type ForwardTextOptions, type ForwardTextResult, type ForwardToken } from "./forward-text.ts";
export {
  answerFeatures,
  featureChanges,
  type AnswerFeaturesOptions,
  type AnswerToken,
  type FeatureChange,
  type FeatureChanges,
  type FeatureChangesOptions,
} from "./feature-changes.ts";
export { generate } from "./generate.ts";
export { messageSpans, type MessageSpan } from "./message-spans.ts";
export { formatEdit, isFeatureEdit, parseEdit } from "./parse-edit.ts";
export { checkMadeFor, prepareEdits, type PreparedEdit, type PreparedEdits } from "./prepare-edits.ts";
export { buildPrompt, type Prompt } from "./prompt.ts";
export { chooseToken, type DrawState, type TokenChoice } from "./sampling.ts";
export { defaultSampling, samplingSettings, type SamplingSettings } from "./sampling-settings.ts";
