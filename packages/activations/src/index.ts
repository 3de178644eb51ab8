export type { ActivationStore, Document, Split, StoredContext, StoredRows, TextSource } from "./types.ts";
export { builtInText, openText, type OpenTextOptions } from "./text/open-text.ts";
export { planText, type PlannedContext, type PlanOptions, type TextPlan } from "./plan.ts";
export { defaultKeepRule, keepMask } from "./keep.ts";
export { harvest, type HarvestOptions } from "./harvest.ts";
export { openStore } from "./store.ts";
export { createBatches, type Batch, type Batches, type BatchOptions } from "./batches.ts";
export { addRows, bf16ToFloat, floatToBf16 } from "./row-sums.ts";
