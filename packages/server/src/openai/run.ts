import { createHash, randomUUID } from "node:crypto";
import { version } from "@lexiscope/core";
import type { StreamEvent } from "../event-stream.ts";
import type { GenerateJob, OpenedModel, PoolEvent, Prepared } from "../models/types.ts";
import { type Answers, emptyAnswers, finishReason, take, usageOf } from "./answers.ts";
import type { Protocol } from "./protocol.ts";
import { appliedEdit, type ResolvedSteering } from "./steering.ts";
import type { FeatureName } from "../models/request.ts";

/** A request, ready for the pool. */
export interface Run {
  model: string;
  /** Choices. With a baseline there are as many variants again, in the same order. */
  n: number;
  stream: boolean;
  includeUsage: boolean;
  protocol: Protocol;
  job: GenerateJob;
  steering: ResolvedSteering | undefined;
}

/** What is known when it begins. */
export interface Begun {
  prepared: Prepared;
  opened: OpenedModel | undefined;
  /** Names of people's own for features. */
  names: (indices: readonly number[]) => Promise<Map<number, FeatureName>>;
}

type Json = Record<string, unknown>;
type Features = { id: number; text: string; features: Json[] }[];

/** The whole answer in one. */
export async function wholeAnswer(run: Run, begun: Begun, events: AsyncIterable<PoolEvent>): Promise<Json> {
  const all = emptyAnswers(run.job.variants.length);
  for await (const event of events) take(all, event);
  const choices = [];
  for (let index = 0; index < run.n; index++) choices.push(await wholeChoice(run, begun, all, index));
  const steering = steeringHead(run, begun.prepared);
  return {
    ...envelope(run, begun, run.protocol.object),
    choices,
    usage: usageOf(all, run.n),
    ...(steering ? { steering: { ...steering, warnings: all.warnings } } : {}),
  };
}

/** The answer in pieces, each as it comes. */
export async function streamAnswer(
  run: Run,
  begun: Begun,
  events: AsyncIterable<PoolEvent>,
  send: (event: StreamEvent) => Promise<void>,
): Promise<void> {
  const { protocol, n } = run;
  const head = envelope(run, begun, protocol.chunkObject);
  const all = emptyAnswers(run.job.variants.length);
  let steering: Json | undefined = steeringHead(run, begun.prepared);
  const chunk = async (choices: Json[], usage: Json | null = null): Promise<void> => {
    await send({ data: { ...head, choices, ...(run.includeUsage ? { usage } : {}), ...(steering ? { steering } : {}) } });
    steering = undefined;
  };
  for await (const event of events) {
    const offset = "variant" in event ? (all.answers[event.variant]?.text.length ?? 0) : 0;
    take(all, event);
    if (event.type === "warning" && run.steering) steering = { ...steering, warnings: [...all.warnings] };
    if (event.type === "start") {
      for (let index = 0; index < n; index++) {
        const opening = protocol.opening();
        if (opening) await chunk([{ index, ...opening }]);
      }
    }
    if (!("variant" in event)) continue;
    const index = event.variant % n;
    const plain = event.variant >= n;
    const put = async (part: Json): Promise<void> =>
      chunk([plain ? { index, ...protocol.closing(null), steering: { baseline: part } } : { index, ...part }]);
    if (event.type === "token") {
      const piece = protocol.piece(event, offset);
      if (piece) await put(piece);
    }
    if (event.type === "end") await put(protocol.closing(finishReason(event.reason)));
    if (event.type === "features" && !plain)
      await chunk([{ index, ...protocol.closing(null), steering: { features: await named(begun, event.tokens) } }]);
  }
  if (run.includeUsage) await chunk([], { ...usageOf(all, n) });
  await send({ data: "[DONE]" });
}

async function wholeChoice(run: Run, begun: Begun, all: Answers, index: number): Promise<Json> {
  const { protocol, n, steering } = run;
  const [answer, plain] = [all.answers[index], all.answers[index + n]];
  if (!answer) return {};
  const more: Json = {};
  if (steering?.baseline && plain) more["baseline"] = protocol.choice(plain);
  if (answer.features) more["features"] = await named(begun, answer.features);
  return { index, ...protocol.choice(answer), ...(Object.keys(more).length > 0 ? { steering: more } : {}) };
}

async function named(
  begun: Begun,
  tokens: readonly { id: number; text: string; features: readonly { index: number; activation: number }[] }[],
): Promise<Features> {
  const names = await begun.names(tokens.flatMap(({ features }) => features.map(({ index }) => index)));
  return tokens.map(({ id, text, features }) => ({
    id,
    text,
    features: features.map((feature) => ({ ...feature, name: names.get(feature.index)?.name ?? null })),
  }));
}

function envelope({ model, protocol }: Run, { opened, prepared }: Begun, object: string): Json {
  // What decides the answer beside the request: the same fingerprint and seed give the same text.
  const parts = [version, opened?.name, opened?.cpu.path, prepared.modelHash ?? ""].join("\n");
  return {
    id: `${protocol.idPrefix}${randomUUID().replaceAll("-", "")}`,
    object,
    created: Math.floor(Date.now() / 1000),
    model,
    system_fingerprint: `fp_${createHash("sha256").update(parts).digest("hex").slice(0, 12)}`,
  };
}

/** What was applied: an edit that could not be is an error long before this. */
function steeringHead({ steering }: Run, { modelHash }: Prepared): Json | undefined {
  if (!steering) return undefined;
  const atlas = steering.atlas?.name ?? null;
  return {
    applied: steering.edits.map((edit) => appliedEdit(edit, atlas)),
    atlas,
    model_hash: modelHash ?? null,
    warnings: [],
  };
}
