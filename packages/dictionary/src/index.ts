export type { Dictionary } from "./types.ts";
export {
  configDifference,
  deadWindow,
  presetNames,
  recommendedPreset,
  trainConfig,
  type PresetName,
  type TrainData,
  type TrainSettings,
} from "./config.ts";
export { train, type TrainOptions } from "./train.ts";
export { evaluationFor, type EvaluationOptions } from "./evaluation.ts";
export { compareModels, type CompareModelsOptions } from "./compare-models.ts";
export { loadDictionary, openDictionary, type OpenDictionaryOptions } from "./open.ts";
export { writeSaeLens } from "./saelens.ts";
export { learningRateAt } from "./schedule.ts";
export { patchedLoss, type Patch } from "./patched-loss.ts";
