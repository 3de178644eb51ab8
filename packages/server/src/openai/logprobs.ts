import type { TokenEvent } from "./answers.ts";

/** JSON has no −∞; OpenAI writes this for what is next to impossible. */
const leastLogprob = -9999;

interface ChatLogprob {
  token: string;
  logprob: number;
  bytes: number[];
}

/** An entry of `choices[].logprobs.content`; nats. */
export function chatLogprob({ bytes, logprob, top = [] }: TokenEvent): ChatLogprob & { top_logprobs: ChatLogprob[] } {
  return { ...named(bytes, logprob), top_logprobs: top.map((likely) => named(likely.bytes, likely.logprob)) };
}

export interface CompletionLogprobs {
  tokens: string[];
  token_logprobs: number[];
  top_logprobs: Record<string, number>[];
  text_offset: number[];
}

/** The older shape of /v1/completions. `offset`: where the first token's text begins in the answer, in characters. */
export function completionLogprobs(tokens: readonly TokenEvent[], offset: number): CompletionLogprobs {
  const texts = tokens.map(({ bytes }) => textOf(bytes));
  let at = offset;
  return {
    tokens: texts,
    token_logprobs: tokens.map(({ logprob }) => Math.max(leastLogprob, logprob)),
    top_logprobs: tokens.map(({ top = [] }) =>
      Object.fromEntries(top.map((likely) => [textOf(likely.bytes), Math.max(leastLogprob, likely.logprob)])),
    ),
    text_offset: tokens.map(({ text }) => {
      const here = at;
      at += text.length;
      return here;
    }),
  };
}

function named(bytes: Uint8Array | undefined, logprob: number): ChatLogprob {
  return { token: textOf(bytes), logprob: Math.max(leastLogprob, logprob), bytes: [...(bytes ?? [])] };
}

function textOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("utf8");
}
