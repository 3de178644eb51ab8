import { builtInText } from "@lexiscope/activations";
import type { Model } from "@lexiscope/model";
import { defaultModel } from "../look/session.ts";

/** What `start` makes: one store, one dictionary and one atlas of the same name. */
export interface StartPlan {
  name: string;
  model: string;
  text: readonly string[];
  tokens: number;
  context: number;
  features: number;
  k: number;
  /** Absent: as the preset for short runs has it. */
  steps: number | undefined;
  site: string | undefined;
}

export const defaultPlan: StartPlan = {
  name: "first",
  model: defaultModel,
  text: [builtInText],
  tokens: 300_000,
  context: 256,
  features: 4096,
  k: 32,
  steps: undefined,
  site: undefined,
};

/** The site of the plan: the middle block's residual stream. */
export function siteOf(plan: StartPlan, model: Model): string {
  return plan.site ?? `blocks.${Math.floor(model.architecture.layers / 2)}.hook_resid_post`;
}

/** The sentence that is inspected and the question that is answered, plain and steered. */
export const tour = {
  sentence: "The captain of the whale ship asked the President of the United States for peace, and the children learned to read.",
  question: "Tell me a story about a journey.",
  /** Readable features that are tried, and multiples of their maximum. */
  featuresTried: 12,
  strengths: [1, 1.5, 2, 2.5],
  maxTokens: 60,
} as const;

/** The command line that makes the plan without server and page. */
export function planArguments(plan: StartPlan): string[] {
  const options: [string, string | number | undefined, string | number | undefined][] = [
    ["--name", plan.name, undefined],
    ["--model", plan.model, defaultPlan.model],
    ["--site", plan.site, undefined],
    ["--tokens", plan.tokens, defaultPlan.tokens],
    ["--context", plan.context, defaultPlan.context],
    ["--features", plan.features, defaultPlan.features],
    ["--k", plan.k, defaultPlan.k],
    ["--steps", plan.steps, undefined],
  ];
  const given = options.flatMap(([flag, value, usual]) => (value === undefined || value === usual ? [] : [flag, String(value)]));
  const text = plan.text.join("\0") === defaultPlan.text.join("\0") ? [] : plan.text.flatMap((ref) => ["--text", ref]);
  return ["start", "--no-page", ...given, ...text];
}
