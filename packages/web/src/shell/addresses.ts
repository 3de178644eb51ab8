/** Parts of an address that mean something in one dictionary only. */
const ofOneDictionary = ["pin", "edit", "interval", "list", "density", "maximum", "effect", "atlas", "model"];

/** Where the same screen lies for another atlas. A feature's screen becomes its atlas's: numbers mean nothing elsewhere. */
export function addressWithAtlas(path: string, search: string, atlas: string): string {
  const params = without(search, ofOneDictionary);
  if (path === "/" || path.startsWith("/atlas")) return withQuery(`/atlas/${encodeURIComponent(atlas)}`, params);
  const screen = /^\/(inspect|chat|lists)/.exec(path)?.[0];
  if (screen === undefined) return withQuery(path, params);
  params.set("atlas", atlas);
  return withQuery(screen === "/chat" ? path : screen, params);
}

/** The same address for another model; null is the atlas's own. */
export function addressWithModel(path: string, search: string, model: string | null): string {
  const params = without(search, ["model"]);
  if (model !== null && !/^\/(learn|runs)/.test(path)) params.set("model", model);
  return withQuery(path, params);
}

/** The address as another browser should open it: with what this one only remembers. */
export function shareAddress(
  path: string,
  search: string,
  { atlas, model }: { atlas?: string | undefined; model?: string | undefined },
): string {
  const params = new URLSearchParams(search);
  if (/^\/(inspect|chat|lists)/.test(path) && atlas !== undefined && !params.has("atlas")) params.set("atlas", atlas);
  if (/^\/(atlas|inspect|chat)/.test(path) && model !== undefined && !params.has("model")) params.set("model", model);
  return withQuery(path, params);
}

function without(search: string, keys: readonly string[]): URLSearchParams {
  const params = new URLSearchParams(search);
  for (const key of keys) params.delete(key);
  return params;
}

function withQuery(path: string, params: URLSearchParams): string {
  const text = params.toString();
  return text === "" ? path : `${path}?${text}`;
}
