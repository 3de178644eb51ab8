import type { Answer, FinishReason, TokenEvent } from "./answers.ts";
import { chatLogprob, completionLogprobs } from "./logprobs.ts";

type Json = Record<string, unknown>;

/** How the answers of one address are written; everything around the choices is the same for both. */
export interface Protocol {
  idPrefix: string;
  object: string;
  chunkObject: string;
  /** A whole answer. */
  choice(answer: Answer): Json;
  /** The first piece of an answer. */
  opening(): Json | undefined;
  /** A piece for a token, `offset` characters into the answer; undefined when there is nothing to send for it. */
  piece(token: TokenEvent, offset: number): Json | undefined;
  /** The last piece; without a reason one that adds nothing. */
  closing(finish: FinishReason | null): Json;
}

export function chatProtocol({ logprobs }: { logprobs: boolean }): Protocol {
  return {
    idPrefix: "chatcmpl-",
    object: "chat.completion",
    chunkObject: "chat.completion.chunk",
    choice: ({ text, tokens, finish }) => ({
      message: { role: "assistant", content: text, refusal: null },
      logprobs: logprobs ? { content: tokens.map(chatLogprob), refusal: null } : null,
      finish_reason: finish,
    }),
    opening: () => ({ delta: { role: "assistant", content: "", refusal: null }, logprobs: null, finish_reason: null }),
    piece: (token) =>
      token.text === "" && !logprobs
        ? undefined
        : {
            delta: { content: token.text },
            logprobs: logprobs ? { content: [chatLogprob(token)], refusal: null } : null,
            finish_reason: null,
          },
    closing: (finish) => ({ delta: {}, logprobs: null, finish_reason: finish }),
  };
}

/** `echo`: the prompt, where it is to stand before the answer. */
export function completionProtocol({ logprobs, echo }: { logprobs: boolean; echo: string }): Protocol {
  return {
    idPrefix: "cmpl-",
    object: "text_completion",
    chunkObject: "text_completion",
    choice: ({ text, tokens, finish }) => ({
      text: echo + text,
      logprobs: logprobs ? completionLogprobs(tokens, echo.length) : null,
      finish_reason: finish,
    }),
    opening: () => (echo === "" ? undefined : { text: echo, logprobs: null, finish_reason: null }),
    piece: (token, offset) =>
      token.text === "" && !logprobs
        ? undefined
        : { text: token.text, logprobs: logprobs ? completionLogprobs([token], echo.length + offset) : null, finish_reason: null },
    closing: (finish) => ({ text: "", logprobs: null, finish_reason: finish }),
  };
}
