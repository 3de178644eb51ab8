import type { InspectResult } from "@lexiscope/contract";
import type { Model } from "@lexiscope/model";
import type { InspectedToken } from "./inspect.ts";
import type { Atlas } from "./types.ts";

/** An inspection as programs see it: what is absent is null, features carry their strongest token. */
export function inspectResult(model: Model, atlas: Atlas, name: string, tokens: readonly InspectedToken[]): InspectResult {
  return {
    model: model.name,
    cpuPath: model.cpuPath,
    atlas: name,
    site: atlas.manifest.dictionary.site,
    tokens: tokens.map(({ id, text, position, leftOut, error, active, features }) => ({
      id,
      text,
      position,
      leftOut: leftOut ?? null,
      error: error ?? null,
      active,
      features: features.map(({ index, activation, share }) => ({
        index,
        activation,
        share: share ?? null,
        topToken: atlas.summary(index).topToken,
      })),
    })),
  };
}
