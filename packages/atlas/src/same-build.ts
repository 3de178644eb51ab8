import type { BuildAtlasOptions, BuildSettings } from "./build-options.ts";
import { readAtlasManifest } from "./check-files.ts";

/** Whether a whole atlas at `out` was made from the same dictionary, store and settings. */
export async function isSameBuild(out: string, { dictionary, store }: BuildAtlasOptions, settings: BuildSettings): Promise<boolean> {
  const found = await readAtlasManifest(out).catch(() => undefined);
  if (!found || found.index.storePlan !== store.manifest.planHash) return false;
  const { files } = dictionary.manifest;
  return (
    found.dictionary.files.length === files.length &&
    files.every(({ sha256 }, i) => found.dictionary.files[i]?.sha256 === sha256) &&
    Object.entries(settings).every(([name, value]) => found.index[name as keyof BuildSettings] === value)
  );
}
