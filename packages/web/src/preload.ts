import type { QueryClient } from "@tanstack/react-query";
import { featurePage } from "./api/feature-pages.ts";
import { detailQuery } from "./api/feature-detail.ts";
import { atlasQuery, statusQuery } from "./api/queries.ts";
import { parseFeature } from "./screens/feature/feature-address.ts";
import { apiQuery, readView } from "./screens/atlas/list-view.ts";
import { safeDecode } from "./state/url-state.ts";

/** Asks for what the address will show at once, while the screen's own code is still on its way. */
export function preload(client: QueryClient, { pathname, search }: Pick<Location, "pathname" | "search">): void {
  const [noun = "", name = "", feature = ""] = pathname.split("/").slice(1).map(safeDecode);
  if (noun === "atlas" && name !== "") {
    void client.prefetchQuery(atlasQuery(name));
    const index = parseFeature(feature);
    if (index !== undefined) void client.prefetchQuery(detailQuery(name, index));
    else if (feature === "") void client.prefetchQuery(featurePage(name, apiQuery(readView(new URLSearchParams(search))), 0));
  } else if (noun === "" || noun === "atlas") void preloadHome(client);
}

/** Home leads to the first atlas as soon as the server has said which one that is. */
async function preloadHome(client: QueryClient): Promise<void> {
  void import("./screens/atlas/atlas-screen.tsx").catch(() => undefined); // the screen itself says that it could not be loaded
  const { defaults } = await client.fetchQuery(statusQuery).catch(() => ({ defaults: { atlas: null } }));
  if (defaults.atlas !== null) preload(client, { pathname: `/atlas/${encodeURIComponent(defaults.atlas)}`, search: "" });
}
