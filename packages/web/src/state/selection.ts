import { useLocation, useSearch } from "wouter";
import { useAtlases, useModels, useStatus } from "../api/queries.ts";
import { stored } from "./stored.ts";
import { pathSegment } from "./url-state.ts";
import { useStored } from "./use-stored.ts";

const lastAtlas = stored("atlas");
const lastModel = stored("model");

/** The atlas that was looked at last, for screens whose address names none. Another atlas forgets the model chosen for the one before. */
export function rememberAtlas(atlas: string): void {
  if (lastAtlas.read() === atlas) return;
  lastAtlas.write(atlas);
  lastModel.write(null);
}

/** A model other than the atlas's own; null goes back to that. */
export function rememberModel(model: string | null): void {
  lastModel.write(model);
}

/** The atlas in force: what the address names, else the one looked at last if it is still there, else the server's first. */
export function useSelectedAtlas(): string | undefined {
  const [path] = useLocation();
  const named = path.startsWith("/atlas/") ? pathSegment(1) : undefined;
  const query = new URLSearchParams(useSearch()).get("atlas");
  const last = useStored(lastAtlas);
  const atlases = useAtlases();
  const status = useStatus();
  if (named !== undefined) return named;
  if (query !== null) return query;
  if (last !== null && (atlases.data?.atlases.some(({ id, summary }) => id === last && summary !== null) ?? true)) return last;
  return status.data?.defaults.atlas ?? undefined;
}

/** The model to ask where it is not the atlas's own: what the address names, else the one chosen last if it is still there. */
export function useSelectedModel(): string | undefined {
  const query = new URLSearchParams(useSearch()).get("model");
  const last = useStored(lastModel);
  const models = useModels();
  if (query !== null) return query;
  if (last !== null && models.data?.models.some(({ id }) => id === last)) return last;
  return undefined;
}
