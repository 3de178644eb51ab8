import type { CompletionRequest } from "@lexiscope/contract";
import type { ServerContext } from "../context.ts";
import { completionProtocol } from "./protocol.ts";
import type { Run } from "./run.ts";
import { samplingOf, streamingOf } from "./sampling.ts";
import { choiceVariants, resolveSteering } from "./steering.ts";
import { refuseUnsupported, unsupported } from "./unsupported.ts";

/** OpenAI's own. */
const defaultMaxTokens = 16;

/** What a request to /v1/completions asks for. */
export async function completionRun(context: ServerContext, body: CompletionRequest): Promise<Run> {
  refuseUnsupported(body);
  const { model, n } = { model: body.model, n: body.n ?? 1 };
  const logprobs = typeof body.logprobs === "number" ? body.logprobs : undefined;
  if (body.echo === true && logprobs !== undefined)
    throw unsupported("echo", "together with logprobs it is not offered; leave one of them out");
  const steering = await resolveSteering(context, model, body.steering);
  const prompt = typeof body.prompt === "string" ? body.prompt : (body.prompt[0] ?? "");
  return {
    model,
    n,
    steering,
    ...streamingOf(body),
    protocol: completionProtocol({ logprobs: logprobs !== undefined, echo: body.echo === true ? prompt : "" }),
    job: {
      prompt,
      variants: choiceVariants({ n, seed: body.seed, steering }),
      sampling: { ...samplingOf(body), maxTokens: body.max_tokens ?? defaultMaxTokens, topLogprobs: logprobs },
      atlas: steering?.atlas,
      features: steering?.features,
    },
  };
}
