import { type SearchResponse, searchQuerySchema, searchResponseSchema } from "@lexiscope/contract";
import type { ServedAtlas } from "../atlases/registry.ts";
import type { ServerContext } from "../context.ts";
import { featureRows } from "../features/rows.ts";
import { type App, defineRoute, jsonResponse } from "../route.ts";

/** Above every score of a search (2.05 at most): a person's own name comes first. */
const nameScore = 3;

const get = defineRoute({
  method: "get",
  path: "/api/search",
  tags: ["Features"],
  summary: "Search every atlas, or one",
  request: { query: searchQuerySchema },
  responses: { 200: jsonResponse(searchResponseSchema, "Features, best first") },
});

export function searchRoutes(app: App, { atlases, logger }: ServerContext): void {
  app.openapi(get, async (c) => {
    const { q, atlas, limit } = c.req.valid("query");
    const results: SearchResponse["results"] = [];
    if (q.trim() === "") return c.json({ query: q, results }, 200);
    const search = (id: string): Promise<SearchResponse["results"]> =>
      atlases.use(id, (served) => searchOne(served, q, limit), { names: "if free" });
    if (atlas !== undefined) results.push(...(await search(atlas)));
    else {
      const readable = (await atlases.list()).filter(({ error }) => error === null);
      const found = await Promise.allSettled(readable.map(({ id }) => search(id)));
      for (const [i, outcome] of found.entries()) {
        if (outcome.status === "fulfilled") results.push(...outcome.value);
        // Its own entry says what is wrong.
        else logger.warn({ err: outcome.reason as unknown, atlas: readable[i]?.id }, "left out of a search");
      }
    }
    return c.json({ query: q, results: results.sort((a, b) => b.score - a.score).slice(0, limit) }, 200);
  });
}

function searchOne({ id, atlas, overlay }: ServedAtlas, q: string, limit: number): SearchResponse["results"] {
  const hits = new Map<number, { score: number; where: string[] }>();
  const { features } = atlas.manifest.dictionary;
  for (const feature of overlay.findLabels(q))
    if (feature < features && hits.size < limit) hits.set(feature, { score: nameScore, where: ["name"] });
  for (const { index, score, where } of atlas.search(q, limit)) {
    const named = hits.get(index);
    hits.set(index, named ? { score: named.score + score, where: [...named.where, ...where] } : { score, where });
  }
  const rows = featureRows(atlas.summaries([...hits.keys()]), overlay);
  return rows.map((row) => ({ ...row, atlas: id, score: hits.get(row.index)?.score ?? 0, where: hits.get(row.index)?.where ?? [] }));
}
