import type { AtlasManifest } from "@lexiscope/contract";
import type { Context } from "hono";
import type { ServerContext } from "../context.ts";
import { nameOf } from "../features/rows.ts";
import type { AtlasPlace } from "./types.ts";

/** Fires when the client has left or the server closes. */
export function requestSignal(c: Context, { closing }: ServerContext): AbortSignal {
  return AbortSignal.any([c.req.raw.signal, closing]);
}

/** An atlas by name: where a worker finds it, and what it was made for. */
export async function atlasPlace({ atlases }: ServerContext, name: string): Promise<{ place: AtlasPlace; manifest: AtlasManifest }> {
  return atlases.use(name, ({ id, atlas }) => ({ place: { name: id, path: atlas.path }, manifest: atlas.manifest }));
}

/** What people see of a feature beside its number. */
export interface FeatureName {
  word: string;
  name: string | null;
}

/** Words of features, and people's own names for them. */
export async function featureNames(
  { atlases }: ServerContext,
  atlas: string,
  indices: Iterable<number>,
): Promise<Map<number, FeatureName>> {
  const wanted = [...new Set(indices)];
  return atlases.use(
    atlas,
    (served) => {
      const labels = served.overlay.labelsOf(wanted);
      return new Map(served.atlas.summaries(wanted).map(({ index, word }) => [index, { word, name: nameOf(labels.get(index)) }] as const));
    },
    { names: "if free" },
  );
}
