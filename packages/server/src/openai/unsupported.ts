import { OpenaiError } from "./errors.ts";

type Harmless = (value: unknown) => boolean;

const never: Harmless = () => false;
const emptyList: Harmless = (value) => Array.isArray(value) && value.length === 0;
const is =
  (...values: unknown[]): Harmless =>
  (value) =>
    values.includes(value);

/** Parameters of OpenAI and of servers like it that would change the answer and are not offered, and the values that ask for nothing. */
const refused: Record<string, Harmless> = {
  tools: emptyList,
  tool_choice: is("none"),
  functions: emptyList,
  function_call: is("none"),
  response_format: (value) => typeof value === "object" && value !== null && "type" in value && value.type === "text",
  modalities: (value) => Array.isArray(value) && value.every((kind) => kind === "text"),
  audio: never,
  prediction: never,
  web_search_options: never,
  reasoning_effort: is("none"),
  verbosity: is("medium"),
  suffix: is(""),
  best_of: is(1),
  top_k: is(0, -1),
  min_p: is(0),
  typical_p: is(1),
  repetition_penalty: is(1),
  length_penalty: is(1),
  min_tokens: is(0),
  ignore_eos: is(false),
  stop_token_ids: emptyList,
  use_beam_search: is(false),
  bad_words: emptyList,
  guided_json: never,
  guided_regex: never,
  guided_choice: never,
  guided_grammar: never,
  grammar: is(""),
  structured_outputs: never,
  controller: never,
};

/** Refuses by name what would otherwise be ignored silently. */
export function refuseUnsupported(body: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(body)) {
    const harmless = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (harmless && value !== null && value !== undefined && !harmless(value)) throw unsupported(name);
  }
}

/** Parts of a message that would change the prompt and are not offered. */
export function refuseUnsupportedMessages(messages: readonly Readonly<Record<string, unknown>>[]): void {
  for (const [i, message] of messages.entries())
    for (const name of ["tool_calls", "function_call", "audio"] as const)
      if (message[name] !== undefined && message[name] !== null && !emptyList(message[name])) throw unsupported(`messages[${i}].${name}`);
}

export function unsupported(name: string, why = "this server does not offer it, and does not ignore it silently"): OpenaiError {
  return new OpenaiError(400, "unsupported_parameter", `Unsupported parameter: '${name}': ${why}.`, name);
}
