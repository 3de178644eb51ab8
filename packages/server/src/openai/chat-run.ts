import type { ChatCompletionRequest } from "@lexiscope/contract";
import type { ChatMessage } from "@lexiscope/model";
import type { ServerContext } from "../context.ts";
import { chatProtocol } from "./protocol.ts";
import type { Run } from "./run.ts";
import { samplingOf, streamingOf } from "./sampling.ts";
import { choiceVariants, resolveSteering } from "./steering.ts";
import { refuseUnsupported, refuseUnsupportedMessages } from "./unsupported.ts";
import { OpenaiError } from "./errors.ts";

/** What a request to /v1/chat/completions asks for. */
export async function chatRun(context: ServerContext, body: ChatCompletionRequest): Promise<Run> {
  refuseUnsupported(body);
  refuseUnsupportedMessages(body.messages);
  if (typeof body.top_logprobs === "number" && body.logprobs !== true)
    throw new OpenaiError(400, "invalid_value", "top_logprobs needs logprobs: true.", "top_logprobs");
  const { model, n } = { model: body.model, n: body.n ?? 1 };
  const steering = await resolveSteering(context, model, body.steering);
  const limits = [body.max_tokens, body.max_completion_tokens].filter((limit) => typeof limit === "number");
  return {
    model,
    n,
    steering,
    ...streamingOf(body),
    protocol: chatProtocol({ logprobs: body.logprobs === true }),
    job: {
      prompt: { messages: body.messages.map(toMessage) },
      whole: true,
      variants: choiceVariants({ n, seed: body.seed, steering }),
      sampling: {
        ...samplingOf(body),
        maxTokens: limits.length > 0 ? Math.min(...limits) : undefined,
        topLogprobs: body.logprobs === true ? (body.top_logprobs ?? 0) : undefined,
      },
      atlas: steering?.atlas,
      features: steering?.features,
    },
  };
}

function toMessage({ role, content }: ChatCompletionRequest["messages"][number]): ChatMessage {
  return {
    role: role === "developer" ? "system" : role,
    content: typeof content === "string" ? content : content.map(({ text }) => text).join(""),
  };
}
