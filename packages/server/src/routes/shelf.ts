import { listResultSchema } from "@lexiscope/contract";
import { describeHome } from "@lexiscope/shelves";
import { type App, defineRoute, jsonResponse } from "../route.ts";

const get = defineRoute({
  method: "get",
  path: "/api/shelf",
  tags: ["Shelf"],
  summary: "What lies on the shelves: models, text, stores, dictionaries, atlases",
  responses: { 200: jsonResponse(listResultSchema, "Everything that is kept") },
});

export function shelfRoutes(app: App): void {
  app.openapi(get, async (c) => c.json(await describeHome(), 200));
}
