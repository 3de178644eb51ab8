import { inspectResult, inspectText, type Atlas } from "@lexiscope/atlas";
import { LexiscopeError } from "@lexiscope/core";
import type { Model } from "@lexiscope/model";
import { checkMadeFor } from "@lexiscope/steering";
import type { AtlasCache } from "./atlas-cache.ts";
import { unlessAborted } from "./in-turn.ts";
import type { Inspection, InspectJob } from "./types.ts";

/** Features of every token of a text, and the pinned ones at every token. Runs in a worker. */
export async function inspectHere(model: Model, atlases: AtlasCache, job: InspectJob, signal: AbortSignal): Promise<Inspection> {
  const { atlas, release } = await unlessAborted(atlases.lease(job.atlas.path), signal, (late) => late.release());
  try {
    checkPinned(atlas, job.pinned);
    const warnings = await checkMadeFor(model, atlas, { signal });
    await atlas.dictionary(signal);
    const started = performance.now(); // what is opened once is no part of a text's time
    const tokens = await inspectText({
      model,
      atlas,
      text: job.text,
      top: job.pinned.length > 0 ? atlas.manifest.dictionary.features : job.top,
      signal,
    });
    const shown = tokens.map((token) => ({ ...token, features: token.features.slice(0, job.top) }));
    return {
      ...inspectResult(model, atlas, job.atlas.name, shown),
      pinned: job.pinned.map((index) => ({
        index,
        maximum: atlas.summary(index).maximum,
        activations: tokens.map(({ features }) => features.find((feature) => feature.index === index)?.activation ?? 0),
      })),
      warnings,
      milliseconds: performance.now() - started,
    };
  } finally {
    release();
  }
}

function checkPinned(atlas: Atlas, pinned: readonly number[]): void {
  const { features } = atlas.manifest.dictionary;
  const wrong = pinned.find((index) => index >= features);
  if (wrong === undefined) return;
  throw new LexiscopeError("not_found", `there is no feature ${wrong}: the atlas has features 0 to ${features - 1}`, {
    field: "pinned",
    hint: "unpin it",
  });
}
