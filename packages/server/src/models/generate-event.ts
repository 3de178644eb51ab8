import type { FeatureChange, GenerateEvent } from "@lexiscope/contract";
import type { ServerContext } from "../context.ts";
import { featureNames } from "./request.ts";
import type { PoolEvent } from "./types.ts";

/** A pool's event as `/api/generate` sends it; undefined for what is not sent. */
export async function generateEvent(
  context: ServerContext,
  atlas: string | undefined,
  event: PoolEvent,
): Promise<GenerateEvent | undefined> {
  if (event.type === "prepared" || event.type === "features") return undefined;
  if (event.type === "token") {
    const { type, variant, id, text, logprob } = event;
    return { type, variant, id, text, logprob };
  }
  if (event.type !== "changes") return event;
  const { type, variant, risen, fallen } = event;
  const indices = [...risen, ...fallen].map(({ index }) => index);
  const names = await featureNames(context, atlas ?? "", indices);
  const named = (change: Omit<FeatureChange, "name">): FeatureChange => ({ ...change, name: names.get(change.index)?.name ?? null });
  return { type, variant, risen: risen.map(named), fallen: fallen.map(named) };
}
